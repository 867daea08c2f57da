/** /var/lib/oobm-files: who reaches it, by the real sshd and scp, in a throwaway root. */
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { onDevice } from './testing/device-root.ts'

const test = suite('shared files')
const SLOW = { timeoutMs: 240_000 }

test(
  'technicians copy files there and fetch what the bridge puts there; others get nothing',
  async context => {
    const said = await onDevice(
      context,
      { one: ({ alice }) => [{ name: 'alice', keys: [alice.publicKey], shell: true }] },
      `
configure one.toml
people >/dev/null
start_sshd no 'Subsystem sftp internal-sftp'
stat -c '%a %U %G' /var/lib/oobm-files
copy() { scp -q -F none -P 2200 -i /oobm/files/key-$1 -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/oobm/hosts -o LogLevel=ERROR "$2" "$3"; }
# As the unit runs it.
bridge() { runuser -u oobm-console -g oobm -- sh -c "umask 077; $1"; }
echo image >ios.bin
copy alice ios.bin alice@127.0.0.1:/var/lib/oobm-files/
bridge 'cat /var/lib/oobm-files/ios.bin'
bridge 'echo dump >/var/lib/oobm-files/dump; chmod 660 /var/lib/oobm-files/dump'
copy alice alice@127.0.0.1:/var/lib/oobm-files/dump fetched
cat fetched
on alice alice 127.0.0.1 rm /var/lib/oobm-files/dump
for user in nobody oobm-selftest daemon; do not runuser -u $user -- ls /var/lib/oobm-files; done
not runuser -u nobody -- cat /var/lib/oobm-files/ios.bin
ls /var/lib/oobm-files
`,
    )
    assert.match(said, '2770 root oobm\nimage\ndump\nios.bin\n')
  },
  SLOW,
)

test.run()
