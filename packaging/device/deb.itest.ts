/** The package of the device: its bytes, its native part for each architecture, and what it leaves behind. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { VERSION } from '../../runtime/version.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../tools/suite.ts'
import { ARCHITECTURES, type Architecture } from '../serial-addon.ts'
import { inThrowawayRoot, ROOT, run } from '../testing/throwaway-root.ts'

const test = suite('the Debian package of oobm-device')
const SLOW = { timeoutMs: 240_000 }
const EPOCH_S = '1790000000'
const canCompile = spawnSync('arm-linux-gnueabi-g++', ['--version']).status === 0
const buildable = ARCHITECTURES.filter(architecture => canCompile || architecture !== 'armel')

/** Machine, and what readelf(1) says of an ARM's instructions and of how it passes numbers. */
const NATIVE: Record<Architecture, RegExp> = {
  amd64: /Machine: +Advanced Micro Devices X86-64/,
  arm64: /Machine: +AArch64/,
  armhf: /Machine: +ARM[\s\S]*hard-float ABI[\s\S]*CPU_arch: v6/,
  armel: /Machine: +ARM[\s\S]*soft-float ABI[\s\S]*CPU_arch: v5TE/,
}
/** What `os.arch()` says there. */
const FOLDER: Record<Architecture, string> = {
  amd64: 'linux-x64',
  arm64: 'linux-arm64',
  armhf: 'linux-arm',
  armel: 'linux-arm',
}

async function pack(folder: string, architectures: readonly Architecture[]): Promise<string[]> {
  const build = join(folder, 'build')
  await run(process.execPath, ['--import', 'tsx', 'tools/bundle.ts', build])
  const named = architectures.flatMap(architecture => ['--device', architecture])
  const args = ['--import', 'tsx', 'packaging/build-deb.ts', build, folder, ...named]
  return (await run(process.execPath, args, { SOURCE_DATE_EPOCH: EPOCH_S })).trim().split('\n')
}

async function sum(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

async function unpackedRoot(context: TestContext, deb: string): Promise<string> {
  const root = await scratchDirectory(context)
  await run('dpkg-deb', ['-x', deb, root])
  return root
}

test(
  'is the same, byte for byte, from the same source, and has the modes that it must have',
  async context => {
    const [one = ''] = await pack(await scratchDirectory(context), ['amd64'])
    const before = process.umask(0o077)
    const [two = ''] = await pack(await scratchDirectory(context), ['amd64']).finally(() => process.umask(before))
    assert.match(one, new RegExp(`/oobm-device_${VERSION}_amd64\\.deb$`))
    assert.is(await sum(two), await sum(one))
    const listing = await run('dpkg-deb', ['-c', one])
    assert.match(listing, /^-r--r----- root\/root .* \.\/etc\/sudoers\.d\/oobm$/m)
    for (const program of ['bin/oobm', 'lib/oobm/create-accounts', 'lib/oobm/led-off', 'lib/oobm/restart-when-idle'])
      assert.match(listing, new RegExp(`^-rwxr-xr-x root/root .* \\./usr/${program}$`, 'm'))
    for (const line of listing.trim().split('\n'))
      assert.match(line, /^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]) root\/root |\.\/etc\/sudoers\.d\/oobm$/)
  },
  SLOW,
)

if (!canCompile) test.skip('its native part is for its architecture: armel', 'needs arm-linux-gnueabi-g++')
test(
  'its native part is for its architecture, the only one, and where the program looks for it',
  async context => {
    const debs = await pack(await scratchDirectory(context), buildable)
    assert.is(debs.length, buildable.length)
    for (const [index, architecture] of buildable.entries()) {
      const root = await unpackedRoot(context, debs[index] ?? '')
      const found = (await run('find', [join(root, 'usr'), '-name', '*.node'])).trim()
      assert.is(found, join(root, 'usr/lib/oobm/prebuilds', FOLDER[architecture], '@serialport+bindings-cpp.node'))
      assert.match(await run('readelf', ['-hA', found]), NATIVE[architecture])
      const needed = [...(await run('readelf', ['-V', found])).matchAll(/\bGLIBC_2\.(\d+)/g)]
      const newest = Math.max(...needed.map(([, minor]) => Number(minor)))
      const depends = await run('dpkg-deb', ['--field', debs[index] ?? '', 'Depends'])
      assert.match(depends, `libc6 (>= 2.${newest})`, architecture)
      // What is not compiled here is for Debian 11 and later.
      if (architecture !== 'armel') assert.ok(newest <= 31, `${architecture}: GLIBC_2.${newest}`)
    }
  },
  SLOW,
)

test(
  'a purge leaves nothing; a removal keeps configuration, keys and accounts',
  async context => {
    const [deb = ''] = await pack(await scratchDirectory(context), ['amd64'])
    const said = await inThrowawayRoot(
      context,
      { 'package.deb': deb },
      `
# A machine on which the relay's package is installed, as docs/first-device.md does.
dpkg --purge oobm-relay >/dev/null 2>&1 || :
mkdir /oobm/before
for file in passwd group shadow gshadow subuid subgid; do cp /etc/$file /oobm/before; done
dpkg --force-depends -i /oobm/files/package.deb
echo "version $(oobm --version)"
md5sum --quiet -c /var/lib/dpkg/info/oobm-device.md5sums
bash -c '. /usr/share/bash-completion/completions/oobm; complete -p oobm'
id enebular-remote-admin
ls /etc/systemd/system/multi-user.target.wants | grep oobm
mkdir -p /run/sshd
# An option that this sshd does not know would keep it from starting.
/usr/sbin/sshd -T | grep -c '^authenticationmethods'
/usr/sbin/sshd -T -C user=enebular-remote-admin,host=x,addr=127.0.0.1 | grep '^authorizedkeysfile'
touch /etc/oobm/device.toml /etc/oobm/secrets/relay/key
# Technicians: one who has an account, one who left, and one whose name is somebody else's by now.
oobm_people='{"name": "zoe", "uid": 20000}, {"name": "yan", "uid": 20001}, {"name": "games", "uid": 20002}'
echo '{"version": 1, "people": ['"$oobm_people"']}' >/etc/oobm/people.json
useradd --uid 20000 --create-home --groups oobm-people zoe
mkdir -m 700 /home/yan
touch /home/yan/file
dpkg --force-depends -i /oobm/files/package.deb
dpkg -r oobm-device
ls /etc/oobm/device.toml /etc/oobm/secrets/relay/key
getent passwd remote-admin
dpkg -P oobm-device
echo left:
for file in /oobm/before/*; do cmp "$file" "/etc/\${file##*/}" 2>&1 || :; done
rm -r /oobm/before
find /oobm/changes -type f ! -path '*/var/lib/dpkg/*' ! -path '*/var/log/*' ! -path '*/var/cache/*' |
  grep -vE '/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/\\.pwd\\.lock$' || :
find /etc /home /usr /var/lib -xdev -name '*oobm*' ! -path '/usr/*/oobm-relay*' ! -path '/var/lib/dpkg/*'
`,
    )
    assert.match(said, `version ${VERSION}\n`)
    assert.match(said, /complete -F _oobm oobm\n/)
    assert.match(said, /uid=(\d+)\(remote-admin\) gid=\d+\(remote-admin\) groups=.*\(oobm\)/)
    assert.match(said, /\noobm-console.service\noobm-people.path\noobm-people.service\noobm-supervisor.service\n/)
    assert.match(said, /\nauthorizedkeysfile \/etc\/oobm\/admin_authorized_keys\n/)
    assert.match(said, /\n\/etc\/oobm\/device.toml\n\/etc\/oobm\/secrets\/relay\/key\nremote-admin:/)
    assert.is(said.slice(said.indexOf('left:\n')), 'left:\n')
  },
  SLOW,
)

test('every file of the tree is in it', async context => {
  const [deb = ''] = await pack(await scratchDirectory(context), ['amd64'])
  const root = await unpackedRoot(context, deb)
  const said = await run('diff', ['-rq', join(ROOT, 'packaging/device/files'), root]).catch(err => String(err.message))
  assert.not.match(said, /Only in .*packaging\/device\/files|differ/)
})

test.run()
