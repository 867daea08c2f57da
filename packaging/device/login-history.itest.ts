/** The history of logins, by the real PAM and the real sshd, in a throwaway root. */
import * as assert from 'uvu/assert'
import { assertPrinted } from '../../device/testing/printed.ts'
import { suite } from '../../testbed/suite.ts'
import { onDevice } from './testing/device-root.ts'

const test = suite('login history')
const SLOW = { timeoutMs: 240_000 }

test(
  'every login is written down: whose key it was, from where, from when to when; nobody can keep it out or forge it',
  async context => {
    const said = await onDevice(
      context,
      {
        two: ({ alice, bob }) => [
          { name: 'alice', keys: [alice.publicKey], shell: true },
          { name: 'bob', keys: [bob.publicKey], shell: true },
        ],
      },
      `
configure two.toml
people >/dev/null
pam-auth-update --package
start_sshd yes
cat alice.pub bob.pub >/etc/oobm/shell_authorized_keys
history() { ${process.execPath} /oobm/program/lib/oobm.cjs history "$@"; }
ends() { test "$(grep -c '"close"' /var/lib/oobm-history/logins.jsonl)" = "$1"; }
# What a person may prepare must not run as root: sshd's PAM of Debian reads this file.
on alice alice 127.0.0.1 'printf "LD_PRELOAD DEFAULT=/home/alice/x.so\\nPATH DEFAULT=/home/alice\\nBASH_ENV DEFAULT=/home/alice/e\\n" >.pam_environment; for name in tail date flock sh; do printf "#!/bin/sh\\ntouch /oobm/owned\\n" >$name; chmod 755 $name; done'
on alice alice 127.0.0.1 true || cat sshd.log
on oobm bob 127.0.0.1 true
ip address add 192.0.2.9/32 dev lo
on bob bob -b 192.0.2.9 192.0.2.9 true
# Nor does it wait for what she locks.
for file in $(find /var/lib/oobm-history -type f); do runuser -u alice -- flock $file sleep 60 & locks="\${locks-} $!"; done
not runuser -u alice -- flock -n /run/oobm-history.lock true
# No shell at all is a login too.
on alice alice -N 127.0.0.1 &
waiting=$!
until_true sh -c 'test "$(grep -c open /var/lib/oobm-history/logins.jsonl)" = 5'
until_true ends 4
history
history --json | grep -c '"state": "open"'
echo "json: $(history --json | tr -d '\\n')"
runuser -u alice -- ${process.execPath} /oobm/program/lib/oobm.cjs history | wc -l
runuser -u daemon -- ${process.execPath} /oobm/program/lib/oobm.cjs history 2>&1 || echo "exit $?"
not runuser -u alice -- sh -c 'echo x >>/var/lib/oobm-history/logins.jsonl'
for lock in $locks; do pkill -P $lock; done
pkill -P $waiting
until_true ends 5
not ls /oobm/owned
${process.execPath} /oobm/program/lib/oobm.cjs doctor | grep 'history of logins'
# Bounded: the file and the one before.
head -c 1100000 /dev/zero | tr '\\0' '\\n' >>/var/lib/oobm-history/logins.jsonl
on alice alice 127.0.0.1 true
ls /var/lib/oobm-history
until_true ends 1
pam-auth-update --package --remove oobm
not grep record-login /etc/pam.d/common-session
`,
    )
    context.onFailure(() => said)
    const AT = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC'
    const rows = [
      `alice +${AT}  until ${AT}  through the relay`,
      `alice +${AT}  until ${AT}  through the relay`,
      `bob as oobm +${AT}  until ${AT}  through the relay`,
      `bob +${AT}  until ${AT}  from 192\\.0\\.2\\.9`,
      `alice +${AT}  still open +through the relay`,
      '1',
      'json: .*',
      '5',
      'only root and members of the group oobm may read the history: use sudo',
      'exit 1',
    ]
    assert.match(said, new RegExp(`^${rows.join('\\n')}\\n`, 'm'))
    await assertPrinted('history', /^json: (.*)$/m.exec(said)?.[1] ?? '')
    assert.match(said, /ok +history of logins/)
    assert.match(said, '\nlogins.1.jsonl\nlogins.jsonl\n')
  },
  SLOW,
)

test.run()
