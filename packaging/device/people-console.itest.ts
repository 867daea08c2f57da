/** Who an account is at the console bridge: real accounts, the real bridge, the real ssh, in a throwaway root. */
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { onDevice } from './testing/device-root.ts'

const test = suite('people at a console')
const SLOW = { timeoutMs: 240_000 }

test(
  'at a console, the account says who it is and what they may; a connection that somebody forwards says nothing',
  async context => {
    const said = await onDevice(
      context,
      {
        rights: ({ alice, bob, dave }) => [
          { name: 'alice', keys: [alice.publicKey], shell: true, consoles: ['core-sw1'] },
          { name: 'bob', keys: [bob.publicKey], shell: true, role: 'observer' },
          { name: 'dave', keys: [dave.publicKey], shell: true, consoles: [] },
        ],
        shared: ({ alice }) => [{ name: 'alice', keys: [alice.publicKey], shell: true }],
      },
      `
socat -u pty,link=/oobm/line,raw,echo=0,mode=666 open:/oobm/heard,creat,append &
socat=$!
until_true test -e /oobm/line
touch /oobm/heard
mkdir -p /run/oobm-console /oobm/credentials
cp key-host /oobm/credentials/bridge_host_key
chown -R oobm-console:oobm /run/oobm-console /oobm/credentials
bridge() {
  (
    export RUNTIME_DIRECTORY=/run/oobm-console STATE_DIRECTORY=/run/oobm-console CREDENTIALS_DIRECTORY=/oobm/credentials
    exec setpriv --reuid=oobm-console --regid=oobm --clear-groups ${process.execPath} /oobm/program/lib/oobm-console.cjs
  ) >>bridge.log 2>&1 &
  bridge=$!
  until_true grep -qs '"state": "open"' /run/oobm-console/status.json
}
as() { # ACCOUNT WORD...
  account=$1
  shift
  runuser -u "$account" -- ${process.execPath} /oobm/program/lib/oobm.cjs console "$@" 2>&1
}
with_code() { code=0; "$@" || code=$?; echo "exit $code"; }
ended() { echo "$1 $2: $(with_code as "$@" | paste -sd " ")"; }

configure rights.toml
people
bridge
for account in alice bob dave oobm remote-admin root daemon oobm-selftest; do ended $account break; done
for account in alice bob dave oobm; do printf "by $account\\r" | as $account attach >/dev/null || echo "$account attach: exit $?"; done
ended oobm list
# Without the address that says "by my account", only keys count: so it is for all that a forwarder brings.
runuser -u alice -- ssh -F none -p 2222 -o PubkeyAuthentication=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \\
  -o LogLevel=ERROR -l core-sw1 127.0.0.1 list 2>&1 || echo "forwarded: exit $?"
runuser -u alice -- ssh -F none -b 127.0.0.2 -p 2222 -o PubkeyAuthentication=no -o StrictHostKeyChecking=no \\
  -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -l bob:core-sw1 127.0.0.1 list 2>&1 || echo "as bob: exit $?"
kill $bridge
wait $bridge || :
configure shared.toml
people
bridge
ended oobm list
ended oobm break
kill $bridge
wait $bridge || :
echo "heard: $(tr '\\r' ' ' </oobm/heard)"
kill $socat
`,
    )
    context.onFailure(() => said)
    const refused = 'read-only: you are an observer; neither typing nor BREAK is sent'
    assert.match(said, 'alice break: BREAK sent to core-sw1, 300 ms exit 0\n')
    assert.match(said, `bob break: ${refused} exit 77\n`)
    assert.match(said, 'dave break: you have no console on this device; ask the operator exit 69\n')
    // The shared login has what all who may be behind it have: dave has no console.
    assert.match(said, 'oobm break: you have no console on this device; ask the operator exit 69\n')
    assert.match(said, 'oobm list: you have no console on this device exit 0\n')
    assert.match(said, 'remote-admin break: BREAK sent to core-sw1, 300 ms exit 0\n')
    assert.match(said, 'root break: BREAK sent to core-sw1, 300 ms exit 0\n')
    assert.match(
      said,
      /daemon break: [^\n]*does not accept the account "daemon"\. .*technicians’ own accounts.* exit 1\n/,
    )
    assert.match(said, /oobm-selftest break: [^\n]*does not accept the account "oobm-selftest".* exit 1\n/)
    assert.match(said, /^bob attach: exit [1-9]/m)
    assert.match(said, /Permission denied \(publickey\)\.\r?\nforwarded: exit 255\n/)
    assert.match(said, /Permission denied \(publickey\)\.\r?\nas bob: exit 255\n/)
    assert.match(said, /oobm list: core-sw1 [^\n]* exit 0\n/)
    assert.match(said, `oobm break: ${refused} exit 77\n`)
    assert.match(said, 'heard: by alice \n')
  },
  SLOW,
)

test.run()
