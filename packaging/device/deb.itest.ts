/** The package of the device: its bytes, and what it leaves behind. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { VERSION } from '../../runtime/version.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { inThrowawayRoot, ROOT, run } from '../testing/throwaway-root.ts'
import { pack, unpackedRoot } from './testing/pack-device.ts'

const test = suite('the Debian package of oobm-device')
const SLOW = { timeoutMs: 240_000 }
async function sum(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
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
    for (const program of [
      'bin/oobm',
      'lib/oobm/create-accounts',
      'lib/oobm/led-off',
      'lib/oobm/record-login',
      'lib/oobm/restart-when-idle',
    ])
      assert.match(listing, new RegExp(`^-rwxr-xr-x root/root .* \\./usr/${program}$`, 'm'))
    for (const line of listing.trim().split('\n'))
      assert.match(line, /^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]|lrwxrwxrwx) root\/root |\.\/etc\/sudoers\.d\/oobm$/)
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
mkdir /oobm/before /oobm/pam
cp /etc/pam.d/common-* /oobm/pam
ours() { find /etc /home /usr /var/lib -xdev -name '*oobm*' ! -path '/usr/*/oobm-relay*' ! -path '/var/lib/dpkg/*' | sort; }
# A checkout may lie below /home, and be called anything.
ours >/oobm/files/there
for file in passwd group shadow gshadow subuid subgid; do cp /etc/$file /oobm/before; done
dpkg --force-depends -i /oobm/files/package.deb
echo "version $(oobm --version)"
md5sum --quiet -c /var/lib/dpkg/info/oobm-device.md5sums
bash -c '. /usr/share/bash-completion/completions/oobm; complete -p oobm'
id enebular-remote-admin
ls /etc/systemd/system/multi-user.target.wants | grep oobm
grep -c record-login /etc/pam.d/common-session
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
for file in /oobm/pam/*; do cmp "$file" "/etc/pam.d/\${file##*/}" 2>&1 || :; done
rm -r /oobm/before /oobm/pam
find /oobm/changes -type f ! -path '*/var/lib/dpkg/*' ! -path '*/var/log/*' ! -path '*/var/cache/*' ! -path '*/var/lib/pam/*' |
  grep -vE '/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/pam.d/common-|/etc/\\.pwd\\.lock$' || :
ours | comm -13 /oobm/files/there -
`,
    )
    assert.match(said, `version ${VERSION}\n`)
    assert.match(said, /complete -F _oobm oobm\n/)
    assert.match(said, /uid=(\d+)\(remote-admin\) gid=\d+\(remote-admin\) groups=.*\(oobm\)/)
    assert.match(
      said,
      /\noobm-apply.path\noobm-apply.service\noobm-console.service\noobm-files.path\noobm-files.service\noobm-lines.path\noobm-lines.service\noobm-modem.service\noobm-outlets.path\noobm-outlets.service\noobm-people.path\noobm-people.service\noobm-say.path\noobm-say.service\noobm-sides.service\noobm-supervisor.service\n1\n/,
    )
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
