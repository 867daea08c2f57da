import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { VERSION } from '../runtime/version.ts'
import { buildInto } from '../testbed/programs.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { inThrowawayRoot, ROOT, run } from './testing/throwaway-root.ts'

const test = suite('the Debian package of oobm-relay')
const SLOW = { timeoutMs: 270_000 }
const EPOCH_S = '1790000000'

async function buildDeb(folder: string): Promise<string> {
  await buildInto(join(folder, 'build'))
  return packDeb(folder)
}

async function packDeb(folder: string): Promise<string> {
  const build = join(folder, 'build')
  const args = ['--import', 'tsx', 'packaging/build-deb.ts', build, folder]
  return (await run(process.execPath, args, { SOURCE_DATE_EPOCH: EPOCH_S })).trim()
}

test(
  'is the same, byte for byte, from the same source, with any umask and in any folder',
  async context => {
    const [one, two] = [await scratchDirectory(context), await scratchDirectory(context)]
    const first = await buildDeb(one)
    assert.match(first, new RegExp(`/oobm-relay_${VERSION}_all\\.deb$`))
    await rename(join(one, 'build'), join(two, 'build'))
    await run('chmod', ['-R', 'go-rwx', join(two, 'build')])
    const before = process.umask(0o077)
    const second = await packDeb(two).finally(() => process.umask(before))
    const sum = async (file: string) =>
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
    assert.is(await sum(second), await sum(first))

    const listing = await run('dpkg-deb', ['-c', first])
    assert.match(listing, /^-rwxr-xr-x root\/root .* \.\/usr\/bin\/oobm-relay$/m)
    assert.match(listing, /^-rwxr-xr-x root\/root .* \.\/usr\/lib\/oobm\/oobm-device-command$/m)
    assert.match(listing, /^-rwxr-xr-x root\/root .* \.\/usr\/lib\/oobm\/oobm-login$/m)
    for (const who of ['device', 'technician'])
      assert.match(listing, new RegExp(` \\./usr/lib/oobm/oobm-${who}-word -> oobm-${who}-command$`, 'm'))
    for (const line of listing.trim().split('\n'))
      assert.match(line, /^(drwxr-xr-x|lrwxrwxrwx|-rw[x-]r-[x-]r-[x-]) root\/root /)
  },
  SLOW,
)

test(
  'installs, runs, completes, has its man page, and leaves nothing after a purge',
  async context => {
    const deb = await buildDeb(await scratchDirectory(context))
    const said = await inThrowawayRoot(
      context,
      { 'package.deb': deb, 'fleet.toml': join(ROOT, 'docs/fleet.example.toml') },
      `
dpkg --force-depends -P oobm-relay 2>/dev/null || :
# A checkout may lie anywhere, and be called anything.
ours() { find / -xdev -name '*oobm-relay*' -path '/[euv]*' ! -path '/var/log/*' ! -path '/var/tmp/*' | sort; }
ours >/oobm/files/there
# A machine whose Node.js is npm's own may have an older one as a package.
dpkg --force-depends -i /oobm/files/package.deb
echo "version $(oobm-relay --version)"
oobm-relay list devices --fleet /oobm/files/fleet.toml
bash -c '. /usr/share/bash-completion/completions/oobm-relay; complete -p oobm-relay'
zcat /usr/share/man/man1/oobm-relay.1.gz | head -n 2
md5sum --quiet -c /var/lib/dpkg/info/oobm-relay.md5sums
dpkg --force-depends -i /oobm/files/package.deb
dpkg -P oobm-relay
echo left:
find /oobm/changes -type f ! -path '*/var/lib/dpkg/*' ! -path '*/var/log/*' ! -path '*/var/cache/*'
ours | comm -13 /oobm/files/there -
`,
    )
    assert.match(said, `version ${VERSION}\n`)
    assert.match(said, /\nNAME +PORTS[\s\S]*\ntokyo-rack1 +20100,20101 /)
    assert.match(said, /complete -F _oobm_relay oobm-relay\n/)
    assert.match(said, /\.Dt OOBM-RELAY 1\n/)
    assert.match(said, /\nPurging configuration files for oobm-relay|\nRemoving oobm-relay/)
    assert.is(said.slice(said.indexOf('left:\n')), 'left:\n')
  },
  SLOW,
)

test(
  'a purge removes the relay that was set up there, with its accounts; a removal keeps it',
  async context => {
    const deb = await buildDeb(await scratchDirectory(context))
    const said = await inThrowawayRoot(
      context,
      { 'package.deb': deb },
      `
mkdir /oobm/before
for file in passwd group shadow gshadow subuid subgid; do cp /etc/$file /oobm/before; done
dpkg --force-depends -i /oobm/files/package.deb
mkdir /oobm/work
cd /oobm/work
oobm-relay init --host 127.0.0.1 --accounts dedicated --name lab --yes
sed -n 's/^#:schema //p' fleet.toml | xargs head -n 2
oobm-relay add device tokyo
ssh-keygen -q -t ed25519 -N '' -f alice
oobm-relay add technician alice --key alice.pub --shells tokyo
oobm-relay keys tokyo
oobm-relay apply --no-systemd
getent passwd alice
ssh-keyscan -p 443 127.0.0.1 2>/dev/null | grep -c ssh-ed25519
dpkg -r oobm-relay
getent passwd alice
dpkg -P oobm-relay
cd /
rm -r /oobm/work
echo left:
for file in /oobm/before/*; do cmp "$file" "/etc/\${file##*/}" 2>&1 || :; done
rm -r /oobm/before
find /oobm/changes -type f ! -path '*/var/lib/dpkg/*' ! -path '*/var/log/*' ! -path '*/var/cache/*' |
  grep -vE '/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/\\.pwd\\.lock$' || :
ls -d /etc/oobm /var/lib/oobm* /usr/lib/oobm* 2>/dev/null || :
`,
    )
    assert.match(said, '\n{\n  "$schema": "http://json-schema.org/draft-07/schema#",\n')
    assert.match(said, /\nalice:.*\n1\n[\s\S]*\nalice:/)
    assert.is(said.slice(said.indexOf('left:\n')), 'left:\n')
  },
  SLOW,
)

test.run()
