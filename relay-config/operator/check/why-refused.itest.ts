/** Each way in which a real sshd refuses a key, with an account of its own; and what `check` says of it, from there and from afar. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { waitFor } from '../../../testbed/wait-for.ts'
import { dedicatedFleet } from '../../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost } from '../../testing/throwaway-host.ts'

const test = hostSuite('why a key is refused')
const PORT = 2222

test(
  'check names the cause that root can see, and otherwise the likely ones',
  async context => {
    const host = await startThrowawayHost(context)
    const { alice } = await dedicatedFleet(host)
    const fleet = (text: string) => writeFile(join(host.shared, 'fleet.toml'), text)
    await host.sh(
      'useradd -m -s /bin/sh -p "*" ops; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/lab_key; chmod 711 /root; cat /etc/ssh/lab_key.pub > /root/fleet/lab_key.pub',
    )
    const hostKey = (await readFile(join(host.shared, 'lab_key.pub'), 'utf8')).trim()
    await fleet(`version = 1
[[relays]]
name = "lab"
host = "127.0.0.1"
port = ${PORT}
user = "ops"
host_keys = ["${hostKey}"]
[[devices]]
name = "tokyo"
port = 20100
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
keys = ["${alice.publicKey}"]
consoles = "all"
`)
    const program = (command: string) => host.oobmRelay(command, '--fleet', '/root/fleet/fleet.toml')
    await host.sh('mkdir /usr/lib/oobm/forced-commands; cp /usr/lib/oobm/oobm-*-command /usr/lib/oobm/forced-commands')
    const rendered = await program('render')
    assert.is(rendered.code, 0, rendered.stderr)
    const good = `Port ${PORT}
HostKey /etc/ssh/lab_key
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowStreamLocalForwarding no
ClientAliveInterval 90
ClientAliveCountMax 1
UsePAM no
PidFile /run/lab.pid
`
    /** The relay with these settings, and all else as it should be. */
    const relay = async (settings = '') => {
      await host.sh(
        'if [ -e /run/lab.pid ]; then kill $(cat /run/lab.pid); timeout 20 sh -c "while [ -e /run/lab.pid ]; do sleep 0.05; done"; fi',
      )
      await host.sh('cat >/etc/lab_sshd_config; /usr/sbin/sshd -f /etc/lab_sshd_config', settings + good)
      await waitFor('sshd', () =>
        host.sh('test -s /run/lab.pid && echo yes || true').then(said => said.includes('yes')),
      )
    }
    const install = () =>
      host.sh(
        'setpriv --reuid ops --regid ops --init-groups env HOME=/home/ops sh -s < /root/fleet/rendered/relay/lab/install',
      )
    const check = async () => (await program('check')).stdout
    await relay()
    const cases: [string, () => Promise<unknown>, RegExp, () => Promise<unknown>][] = [
      [
        'no key yet',
        async () => {},
        /run the rendered "install" on the relay again, as ops: \/home\/ops\/\.ssh\/authorized_keys is not there$/m,
        install,
      ],
      [
        'AllowUsers',
        () => relay('AllowUsers bob\n'),
        /the relay accepts the key of \S+: AllowUsers in sshd_config lacks ops: add it$/m,
        relay,
      ],
      [
        'DenyUsers',
        () => relay('DenyUsers o?s\n'),
        /the relay accepts the key of \S+: DenyUsers in sshd_config names ops: remove it$/m,
        relay,
      ],
      [
        'AllowGroups',
        () => relay('AllowGroups wheel\n'),
        /the relay accepts the key of \S+: AllowGroups in sshd_config names no group of ops/,
        relay,
      ],
      [
        'keys elsewhere',
        () => relay('AuthorizedKeysFile /etc/keys/%u\n'),
        /the relay accepts the key of \S+: AuthorizedKeysFile is "\/etc\/keys\/%u", but the keys are in \/home\/ops\/\.ssh\/authorized_keys/,
        relay,
      ],
      [
        'two methods',
        () => relay('PasswordAuthentication yes\nAuthenticationMethods publickey,password\n'),
        /the relay accepts the key of \S+: AuthenticationMethods is "publickey,password": a device has only a key/,
        relay,
      ],
      [
        'an expired account',
        () => host.sh('chage -E 2020-01-01 ops'),
        /the relay accepts the key of \S+: the account ops has expired: "chage -E -1 ops"$/m,
        () => host.sh('chage -E -1 ops'),
      ],
      [
        'a locked account',
        () => host.sh("usermod -p '!x' ops"),
        /the relay accepts the key of \S+: the account ops is locked, and UsePAM is "no": "usermod -p '\*' ops"/,
        () => host.sh("usermod -p '*' ops"),
      ],
      [
        'a shell that is missing',
        () => host.sh('usermod -s /bin/gone ops 2>/dev/null'),
        /the relay accepts the key of \S+: the shell of ops, \/bin\/gone, is missing/,
        () => host.sh('usermod -s /bin/sh ops'),
      ],
      [
        'a shell that runs nothing',
        () => host.sh('usermod -s /usr/sbin/nologin ops'),
        /oobm-device-command answers: the shell of ops runs nothing/,
        () => host.sh('usermod -s /bin/sh ops'),
      ],
      [
        'nologin',
        () => host.sh('echo closed >/etc/nologin'),
        /oobm-device-command answers: the file \/etc\/nologin keeps everybody but root out/,
        () => host.sh('rm /etc/nologin'),
      ],
      [
        'rights',
        () => host.sh('chmod 777 /home/ops'),
        /the relay accepts the key of \S+: \/home\/ops\/\.ssh\/authorized_keys is ignored: \/home\/ops is writable for others/,
        () => host.sh('chmod 755 /home/ops'),
      ],
      [
        'another owner',
        () => host.sh('chown 12345 /home/ops/.ssh/authorized_keys'),
        /is ignored: \/home\/ops\/\.ssh\/authorized_keys is not ops's/,
        () => host.sh('chown ops /home/ops/.ssh/authorized_keys'),
      ],
      [
        'both',
        async () => {
          await relay('DenyUsers ops\n')
          await host.sh('chage -E 2020-01-01 ops')
        },
        /DenyUsers in sshd_config names ops: remove it; and the account ops has expired/,
        async () => {
          await relay()
          await host.sh('chage -E -1 ops')
        },
      ],
    ]
    for (const [title, spoil, pattern, mend] of cases) {
      await spoil()
      const said = await check()
      assert.match(said, pattern, `${title}: ${said}`)
      await mend()
    }
    assert.not.match(await check(), /WRONG/, 'and all of it is mended')

    // From afar: somebody who is not root there sees what ssh says.
    await relay('AllowUsers bob\n')
    await host.sh(
      'useradd -m -s /bin/sh far; cp -r /root/fleet/fleet.toml /root/fleet/secrets /home/far; chown -R far /home/far',
    )
    const far = await host.run('setpriv', [
      '--reuid',
      'far',
      '--regid',
      'far',
      '--init-groups',
      'env',
      'HOME=/home/far',
      'oobm-relay',
      'check',
      '--fleet',
      '/home/far/fleet.toml',
    ])
    assert.match(
      far.stdout,
      /run the rendered "install" on the relay again, as ops\. If that does not help, [\s\S]* 1\. no file that sshd reads has the key[\s\S]* 2\. [\s\S]*StrictModes[\s\S]* 3\. AllowUsers, DenyUsers/,
      far.stdout + far.stderr,
    )
  },
  { timeoutMs: 240_000 },
)

test.run()
