/** Technicians' accounts, with the real systemd-sysusers, the real sshd and real processes, in a throwaway root. */
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { onDevice } from './testing/device-root.ts'

const test = suite('people')
const SLOW = { timeoutMs: 240_000 }

test(
  'each technician has an account that only their own key opens; one who leaves is ended, and no uid is given twice',
  async context => {
    const said = await onDevice(
      context,
      {
        first: ({ alice, bob, mallory }) => [
          { name: 'alice', keys: [alice.publicKey], shell: true },
          { name: 'bob', keys: [bob.publicKey], role: 'observer', admin: true },
          { name: 'carol', keys: [mallory.publicKey] },
        ],
        gone: ({ bob, dave }) => [
          { name: 'bob', keys: [bob.publicKey], shell: true },
          { name: 'dave', keys: [dave.publicKey], shell: true },
        ],
        back: ({ alice, dave }) => [
          { name: 'dave', keys: [dave.publicKey], shell: true },
          { name: 'alice', keys: [alice.publicKey], shell: true },
        ],
      },
      `
configure first.toml
people
echo "account $(getent passwd alice)"
echo "groups $(id -Gn alice | tr ' ' '\n' | sort | tr '\n' ' ')"
grep -x 'alice:\\*:.*' /etc/shadow | cut -d: -f1,2
stat -c '%U %G %a %n' /home/alice /home/bob /etc/oobm/people /etc/oobm/people/alice /etc/oobm/people.json
not getent passwd carol

start_sshd no
cp alice.pub /etc/oobm/shell_authorized_keys
equal "$(on alice alice 127.0.0.1 'id -un; id -u; pwd; echo $SHELL' | tr '\\n' ' ')" 'alice 20000 /home/alice /bin/bash ' 'her shell'
equal "$(on bob bob 127.0.0.1 'id -u')" 20001 'their shell'
for pair in 'alice bob' 'bob alice' 'alice mallory' 'carol mallory' 'oobm bob' 'oobm-people alice'; do not on $pair 127.0.0.1 true; done
# Her own file of keys counts for nothing.
on alice alice 127.0.0.1 'mkdir -m 700 .ssh; cat >.ssh/authorized_keys' <mallory.pub
not on alice mallory 127.0.0.1 true
not on bob alice 127.0.0.1 cat /home/alice/.ssh/authorized_keys
not on bob bob 127.0.0.1 cat /home/alice/.ssh/authorized_keys
equal "$(on oobm alice 127.0.0.1 'id -un')" oobm 'the shared login'
people
cp /etc/oobm/people.json before
people
cmp before /etc/oobm/people.json

# What she leaves: a session, a process that no session has, jobs for later.
(on alice alice 127.0.0.1 'sleep 4321' || echo $? >ended) &
on alice alice 127.0.0.1 'echo hers >file; setsid sh -c "trap \\"\\" TERM HUP; while :; do sleep 4321; done" >/dev/null 2>&1 </dev/null &'
until_true sh -c 'test "$(pgrep -u alice -c sleep)" = 2'
mkdir -p /var/spool/cron/crontabs /var/spool/cron/atjobs /var/lib/systemd/linger
touch /var/spool/cron/crontabs/alice /var/spool/cron/crontabs/bob /var/lib/systemd/linger/alice /var/spool/cron/atjobs/a1 /var/spool/cron/atjobs/a2
chown 20000 /var/spool/cron/atjobs/a1
chown 20001 /var/spool/cron/atjobs/a2
configure gone.toml
people
not pgrep -u 20000
until_true test -s ended
not getent passwd alice
not getent group alice
not on alice alice 127.0.0.1 true
stat -c '%U %a left %n' /home/alice
stat -c '%u %n' /home/alice/file
not on bob bob 127.0.0.1 cat /home/alice/file
for path in /etc/oobm/people/alice /var/spool/cron/crontabs/alice /var/lib/systemd/linger/alice /var/spool/cron/atjobs/a1; do not ls $path; done
ls /var/spool/cron/crontabs/bob /var/spool/cron/atjobs/a2 >/dev/null
equal "$(on dave dave 127.0.0.1 'id -u')" 20002 'no uid is given twice'
equal "$(on bob bob 127.0.0.1 'id -u')" 20001 'who stays'

configure back.toml
people
equal "$(on alice alice 127.0.0.1 'id -u; cat file' | tr '\\n' ' ')" '20000 hers ' 'who comes back has their own uid and home'
stat -c '%U %a back %n' /home/alice /home/bob

# The appliance: accounts are new at each boot, and homes are not.
for file in passwd group shadow gshadow; do cp booted-$file /etc/$file; done
not on alice alice 127.0.0.1 true
people
equal "$(on alice alice 127.0.0.1 'id -u; cat file' | tr '\\n' ' ')" '20000 hers ' 'after a boot'
equal "$(on dave dave 127.0.0.1 'id -u')" 20002 'after a boot'
tr -d ' \\n' </etc/oobm/people.json; echo
`,
    )
    context.onFailure(() => said)
    assert.match(said, 'account alice:x:20000:20000:Out-of-band technician:/home/alice:/bin/bash\n')
    assert.match(said, 'groups alice oobm oobm-people systemd-journal \n')
    assert.match(said, '\nalice:*\n')
    assert.match(said, 'alice alice 700 /home/alice\nbob bob 700 /home/bob\n')
    assert.match(
      said,
      'root root 755 /etc/oobm/people\nroot root 644 /etc/oobm/people/alice\nroot root 644 /etc/oobm/pe',
    )
    assert.match(said, 'alice (uid 20000) was removed: ')
    assert.match(said, 'root 700 left /home/alice\n20000 /home/alice/file\n')
    assert.match(said, 'alice 700 back /home/alice\nroot 700 back /home/bob\n')
    const people = '[{"name":"alice","uid":20000},{"name":"bob","uid":20001},{"name":"dave","uid":20002}]'
    assert.match(said, `{"version":1,"people":${people}}`)
  },
  SLOW,
)

test(
  'a name that cannot have an account is reported, and all others get theirs; a link and a foreign home are left as they are',
  async context => {
    const said = await onDevice(
      context,
      {
        names: ({ alice, bob, dave, mallory }) => [
          { name: 'pi', keys: [bob.publicKey], shell: true },
          { name: 'video', keys: [dave.publicKey], shell: true },
          { name: 'j.doe', keys: [mallory.publicKey], shell: true },
          { name: 'alice', keys: [alice.publicKey], shell: true },
        ],
        homes: ({ alice, bob, dave }) => [
          { name: 'alice', keys: [alice.publicKey], shell: true },
          { name: 'bob', keys: [bob.publicKey], shell: true },
          { name: 'dave', keys: [dave.publicKey], shell: true },
        ],
        nobody: () => [],
      },
      `
useradd --uid 1777 --create-home pi
doctor() { ${process.execPath} /oobm/program/lib/oobm.cjs doctor || :; }
configure names.toml
# sshd reads the keys as the person, whatever the umask was.
rm -r /etc/oobm/people
(umask 077; people) || echo "exit $?"
stat -c '%a %n' /etc/oobm/people /etc/oobm/people/alice
id -u alice
id -u pi
id -Gn pi
ls /etc/oobm/people
doctor | grep -A1 -E ' account|^accounts'

mkdir -m 700 /oobm/elsewhere
ln -s /oobm/elsewhere /home/bob
mkdir /home/dave
chown 1777 /home/dave
configure homes.toml
people || echo "exit $?"
stat -c '%U %a %n' /oobm/elsewhere
stat -c '%u %n' /home/dave
doctor | grep ' account'
cat /etc/oobm/people/bob | cut -d' ' -f3
# An account of the same name that somebody else made since is not ours to end.
configure nobody.toml
userdel bob
useradd --uid 1888 bob
people
id -u bob
not getent passwd dave

configure names.toml
people || :
echo '{"version":1,"people":[{' >/etc/oobm/people.json
ls /etc/oobm/people
configure homes.toml
sed -i 's/^name = "alice"/name = "zoe"/' /etc/oobm/device.toml
people 2>&1 || echo "exit $?"
# Who was taken away has no keys, all the same.
ls -A /etc/oobm/people | wc -l
`,
    )
    assert.match(said, 'pi: this system already has an account of that name (uid 1777)\n')
    assert.match(said, /\nvideo: this system already has a group of that name \(gid \d+\)\n/)
    assert.match(said, 'j.doe: the name is not a login name: ')
    assert.match(
      said,
      /WRONG {2}account pi +cannot be made: this system already has an account .*\n +→ ask the operator to give this technician/,
    )
    assert.match(said, /WRONG {2}account video /)
    assert.not.match(said, 'account alice')
    assert.match(said, 'exit 78\n755 /etc/oobm/people\n644 /etc/oobm/people/alice\n20000\n1777\npi\nalice\n')
    assert.match(
      said,
      'bob: /home/bob is not a folder: left as it is\ndave: /home/dave belongs to uid 1777: left as it is\nexit 78\n',
    )
    assert.match(said, 'root 700 /oobm/elsewhere\n1777 /home/dave\n')
    assert.match(said, /account bob +\/home\/bob is not a folder: their sessions start in \/\n/)
    assert.match(said, /account dave +\/home\/dave belongs to uid 1777: /)
    assert.match(said, '\nbob\n')
    assert.match(said, '\n1888\n')
    assert.match(said, /\/etc\/oobm\/people\.json cannot be read: .*restore it from a backup.*\nexit 78\n0\n$/)
  },
  SLOW,
)

test(
  'a power cut at any step is mended by the next run',
  async context => {
    const said = await onDevice(
      context,
      {
        first: ({ alice }) => [{ name: 'alice', keys: [alice.publicKey], shell: true }],
        second: ({ bob }) => [{ name: 'bob', keys: [bob.publicKey], shell: true }],
      },
      `
# The tool does its work, or does not, and the power goes.
mkdir /oobm/cuts
cut_in() { # TOOL WHETHER-IT-WORKS
  printf '#!/bin/sh\\n%s\\nkill -KILL "$PPID"\\n' "$($2 && echo "$(command -v $1) \\"\\$@\\"")" >/oobm/cuts/$1
  chmod 755 /oobm/cuts/$1
}
state() {
  for name in alice bob; do
    echo "$name $(getent passwd $name | cut -d: -f3) $(grep "^$name:" /etc/shadow | cut -d: -f2) $(stat -c '%u %a' /home/$name 2>&1 | head -c 30) $(cat /etc/oobm/people/$name 2>&1 | tail -c 6)"
  done
  tr -d ' \\n' </etc/oobm/people.json
}
configure first.toml && people && configure second.toml && people && state >whole
for tool in systemd-sysusers chpasswd userdel; do
  for works in true false; do
    configure first.toml && people >/dev/null
    configure second.toml
    cut_in $tool $works
    (PATH=/oobm/cuts:$PATH people) >/dev/null 2>&1 && { echo "$tool was not called"; exit 1; }
    rm /oobm/cuts/$tool
    people >/dev/null
    state >mended
    cmp whole mended || { echo "after a cut in $tool, $works:"; cat whole mended; exit 1; }
  done
done
cat whole
`,
    )
    assert.match(said, /^alice {3}0 700 .*\nbob 20001 \* 20001 700 .* bob\n/m)
    assert.match(said, '[{"name":"alice","uid":20000},{"name":"bob","uid":20001}]')
  },
  SLOW,
)

test.run()
