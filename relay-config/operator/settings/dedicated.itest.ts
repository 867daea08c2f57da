/** `oobm-relay settings` from the operator's machine to a dedicated relay, by ssh. */
import { readFile } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { farOperator } from '../../testing/far-operator.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('settings at a dedicated relay')
const SLOW = { timeoutMs: 140_000 }

test(
  'settings are signed where the operator works and left at the relay, which has neither key nor secret',
  async context => {
    const { host, fleet, operate } = await farOperator(context)
    const signer = await makeKey(host.shared, 'settings-signer')
    const write = (hostKeys: string) =>
      fleet.write(
        text =>
          `${text.replace('accounts = "dedicated"', `accounts = "dedicated"\nhost_keys = [${hostKeys}]`)}\n[settings]\nsigners = ["${signer.publicKey}"]\nkey = "settings-signer"\n`,
      )
    await write('')
    const before = await operate(['settings', 'push', 'osaka'])
    assert.equal([before.code, before.stdout], [69, ''], 'there is no relay yet')
    assert.match(before.stderr, /this host \(\S+\) is not a relay[\s\S]*no relay answers: nothing was signed/)
    assert.is((await operate(['push', '--no-systemd', '--no-copy'])).code, 0)
    const hostKey = (await operate(['host-key'])).stdout.trim()
    await write(`"${hostKey}"`)

    const pushed = await operate(['settings', 'push', '--all'])
    assert.is(pushed.code, 0, pushed.stderr)
    assert.match(pushed.stdout, /^tokyo {2}serial 1 {2}waiting [\s\S]*^osaka {2}serial 1 {2}waiting/m)
    assert.is(
      (await host.sh('cd /var/lib/oobm/settings; stat -c "%a %U %G" . osaka osaka/*')).trim(),
      ['750 root oobm-device', '750 root oobm-device', ...Array(3).fill('640 root oobm-device')].join('\n'),
    )
    // As sshd runs the forced command of a device's key, and as a technician's account.
    const asAccount = (account: string, command: string) =>
      host.run('setpriv', [`--reuid=${account}`, `--regid=${account}`, '--clear-groups', 'sh', '-c', command])
    const digest = (await host.sh('cut -d " " -f 2 /var/lib/oobm/settings/osaka/offer')).trim()
    const fetchIt = `SSH_ORIGINAL_COMMAND="settings ${digest}" exec /usr/lib/oobm/oobm-device-command osaka /var/lib/oobm/devices`
    const fetched = await asAccount('oobm-device', fetchIt)
    assert.is(fetched.code, 0, fetched.stderr)
    assert.match(fetched.stdout, /^version = 1\ndevice = "osaka"\n[\s\S]*-----END SSH SIGNATURE-----\n$/)
    assert.is.not((await asAccount('oobm-device', 'echo x >/var/lib/oobm/settings/osaka/offer')).code, 0)
    assert.is.not((await asAccount('alice', 'ls /var/lib/oobm/settings')).code, 0)

    const shown = await operate(['settings', 'show'])
    assert.match(shown.stdout, /^osaka {2}serial 1 {2}sent \d+ s ago; /m)
    assert.match((await operate(['settings', 'history', 'osaka'])).stdout, / root {2}serial 1 waits for it here /)
    const here = await host.oobmRelay('settings', 'show', 'osaka')
    assert.match(here.stdout, /^osaka {2}serial 1 {2}sent /m, here.stderr)
    const onRelay = await host.oobmRelay('settings', 'push', 'osaka')
    assert.is(onRelay.code, 78, onRelay.stdout)
    assert.match(onRelay.stderr, /^cannot read fleet\.toml \(ENOENT\): this host is a relay/)
    // Beside the operator's own folder, which this test shares with the host, the private key is nowhere on it.
    const key = (await readFile(signer.path, 'utf8')).split('\n')[2] ?? ''
    assert.is(await host.sh(`grep -rlF -e '${key}' /etc/oobm /var/lib/oobm /run || true`), '')
    const other = await operate(['settings', 'push', 'osaka', '--relay', 'paris'])
    assert.is(other.code, 64)
    assert.match(other.stderr, /"paris" is not a relay in .*; known: lon/)
  },
  SLOW,
)

test.run()
