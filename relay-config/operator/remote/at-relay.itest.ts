/** Words about a relay, typed where the operator works: they go there, or say where to go; they make nothing here. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { farOperator } from '../../testing/far-operator.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('commands about a relay')
const SLOW = { timeoutMs: 140_000 }

test(
  'they run on the relay by ssh, with every byte of their arguments, and return its exit codes',
  async context => {
    const { host, fleet, operate } = await farOperator(context)
    const must = async (args: string[], input?: string) => {
      const { code, stdout, stderr } = await operate(args, input)
      assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    const early = await operate(['status'])
    assert.equal([early.code, early.stdout], [69, ''])
    assert.match(early.stderr, /this host \(\S+\) is not a relay/)
    assert.match(await must(['plan', '--no-systemd', '--relay', 'lon']), /^would make the account alice/m)
    assert.is(await host.sh('ls -d /etc/oobm /var/lib/oobm 2>/dev/null || true'), '')
    assert.match(await must(['push', '--no-systemd']), /^done: make the account alice/m)
    const before = await readdir(host.shared, { recursive: true })

    assert.match(await must(['plan', '--relay', 'lon', '--no-systemd']), /^nothing to change/)
    const checked = await operate(['check', '--here', '--relay', 'lon', '--no-systemd'])
    assert.is(checked.code, 1, 'its host key is in no file yet')
    assert.match(checked.stdout, / ok +accounts, keys, [\s\S]* WRONG +its host key is in the fleet file/)
    assert.match(await must(['status']), /^osaka +never [\s\S]*^2 devices, 0 proved$/m)
    const one = await operate(['status', 'osaka'])
    assert.equal([one.code, /^osaka +never/m.test(one.stdout)], [69, true])
    const judged = await operate(['nagios'])
    assert.equal(
      [judged.code, judged.stdout.split(' | ')[0]],
      [3, 'UNKNOWN - 0 of 2 proved; never connected: osaka, tokyo'],
      judged.stderr,
    )
    assert.match(await must(['metrics']), /^oobm_device_state\{device="osaka",state="never"\} 1$/m)
    const reason = `it's "x"; $(touch /tmp/pwned) \`id\` %d \\0101 'é\n!! &`
    assert.match(
      await must(['off', 'osaka', '--for', '2h', '--reason', reason]),
      /^access to osaka is (on|off)\b.* the device is not connected/,
    )
    await host.sh(
      `printf 'Match User bob\\n PasswordAuthentication no\\n KbdInteractiveAuthentication no\\n' >/etc/ssh/sshd_config.d/oobm-relay.conf`,
    )
    const history = JSON.parse((await must(['history', '--json', 'osaka'])).trim())
    assert.is(history.reason, reason)
    assert.is(await host.sh('ls /tmp'), '')
    assert.match(
      await must(['on', 'osaka']),
      /^access to osaka is on: the device is not connected, and gets the message when it connects$/m,
    )
    assert.is((await operate(['blink', 'osaka'])).code, 69)
    assert.match(await must(['hop-keys']), /^bob: add to hop_keys of this technician: "ssh-ed25519 /)
    assert.match(await must(['passwd', 'bob'], 'correct horse battery\n'), /^bob has a new password$/m)
    assert.match(await host.sh('getent shadow bob'), /^bob:\$/)

    const kept = await operate(['remove', '--all', '--no-systemd'], 'london\n')
    assert.is(kept.code, 64, kept.stdout)
    assert.match(kept.stdout, /is not the relay here, which is "lon"/)
    await host.sh('test -e /etc/oobm/state.json')
    assert.match(await must(['remove', '--all', '--no-systemd'], 'lon\n'), /removed \/var\/lib\/oobm/)
    await host.sh('test ! -e /etc/oobm')
    assert.equal(await readdir(host.shared, { recursive: true }), before, 'nothing was made where the operator works')
    assert.ok(!existsSync('/etc/oobm/state.json') && !existsSync('/var/lib/oobm/history.jsonl'))
    await fleet.write()
  },
  SLOW,
)

test(
  'an unreachable relay, or a text that is not a host, gives one line and never success',
  async context => {
    const { host, fleet, operate, env, program, bin } = await farOperator(context)
    const cases: [string[], number, RegExp][] = [
      [['status', '--host=-oProxyCommand=touch /tmp/x'], 64, /^"-oProxyCommand=.*" is not a host$/m],
      [['status', '--host', 'x@-oProxyCommand=touch'], 64, /is not a host$/m],
      [['push', 'lon', 'a;b@host'], 64, /^"a;b@host" is not a host$/m],
      [['push', 'lon', '192.0.2.1', '--port', '1 -x'], 64, /is not a port$/m],
      [['status', '--relay', 'paris'], 64, /^"paris" is not a relay in .*known: lon$/m],
      [['off', 'nagoya'], 64, /^"nagoya" is not a device of .*there are: tokyo, osaka$/m],
      [['off'], 64, /^oobm-relay off: missing argument DEVICE/m],
      [['status', '--host', 'ssh://192.0.2.1:1'], 69, /Connection refused[\s\S]*^cannot reach relay lon /m],
      [['metrics', '--out', 'x.prom'], 64, /--out names a file on the relay/],
      [
        ['status', '--fleet', '/nowhere/fleet.toml'],
        78,
        /^cannot read \/nowhere\/fleet\.toml \(ENOENT\): run this in its folder/m,
      ],
      [['status', '--state', '/tmp'], 69, /^\/tmp is not the directory of a relay/m],
    ]
    for (const [args, code, pattern] of cases) {
      const said = await operate(args)
      assert.equal([said.code, said.stdout], [code, ''], `${args.join(' ')}: ${said.stderr}`)
      assert.match(said.stderr, pattern)
    }
    await host.sh('mv /usr/bin/oobm-relay /usr/bin/oobm-relay.away')
    const missing = await operate(['status'])
    assert.is(missing.code, 69)
    assert.match(missing.stderr, /^oobm-relay is not installed on relay lon \(192\.0\.2\.1, port 22\): install/m)

    // Several relays: each is asked.
    const second =
      '[[relays]]\nname = "par"\naccounts = "dedicated"\nhost = "127.0.0.1"\nadmin_port = 1\n[[devices]]\nname = "osaka"'
    await fleet.write(text => text.replace('[[devices]]\nname = "osaka"', second))
    const both = await operate(['history'])
    assert.equal([both.code, both.stdout], [69, ''])
    assert.match(both.stderr, /not installed on relay lon/)
    assert.match(both.stderr, /^cannot reach relay par/m)
    const off = await operate(['off', 'osaka'])
    assert.is(off.code, 69)
    assert.match(off.stdout, /^relay lon \(192\.0\.2\.1\)\n\nrelay par \(127\.0\.0\.1\)$/m)
    assert.match(off.stderr, /"off" was not done at lon, par: repeat it with --relay lon, then with --relay par$/m)
    for (const command of ['plan', 'status --watch']) {
      const which = await operate(command.split(' '))
      assert.equal([which.code, which.stdout], [64, ''])
      assert.match(which.stderr, /is for one relay: name it with --relay; known: lon, par/)
    }

    const empty = await scratchDirectory(context)
    for (const command of ['status', 'history', 'metrics', 'plan', 'apply', 'hop-keys']) {
      const { code, stdout, stderr } = await runProgram(process.execPath, [program, command], {
        cwd: empty,
        env: { PATH: `${bin}:${process.env.PATH}` },
      })
      assert.equal([code, stdout], [78, ''], `${command}: ${stderr}`)
    }
    assert.equal(await readdir(empty), [])
    assert.ok(env.PATH)
  },
  SLOW,
)

test(
  'a shared relay is reached as its login, and gets the fleet file with the command',
  async context => {
    const { host, fleet, operate } = await farOperator(context)
    await host.sh(
      'useradd -m -s /bin/sh -p "*" ops; mkdir -m 700 /home/ops/.ssh /home/ops/.oobm; cp /root/.ssh/authorized_keys /home/ops/.ssh; cp /usr/lib/oobm/oobm-device-command /home/ops/.oobm; chown -R ops /home/ops; chmod 755 /usr/lib/oobm',
    )
    const hostKey = fleet.alice.publicKey
    await fleet.write(text =>
      text
        .replace(
          /accounts = "dedicated"[\s\S]*?\[\[devices\]\]/,
          `host = "192.0.2.1"\nport = 22\nuser = "ops"\nhost_keys = ["${hostKey}"]\n[[devices]]`,
        )
        .replace('gateway = true\n', '')
        .replace('login = ["sw2"]\n', '')
        .replace(/uid = \d+\n/g, ''),
    )
    const all = await operate(['status'])
    assert.equal([all.code, all.stderr], [0, ''])
    assert.match(all.stdout, /^osaka +never [\s\S]*^2 devices, 0 proved$/m)
    const off = await operate(['off', 'osaka', '--reason', "it's"])
    assert.is(off.code, 0, off.stderr)
    assert.match((await operate(['history'])).stdout, / ops .* osaka .*it's/)
    assert.match(await host.sh('ls -l /home/ops/.oobm/history.jsonl'), / ops /)
    const plan = await operate(['plan'])
    assert.is(plan.code, 64, plan.stdout)
    assert.match(plan.stderr, /^plan is for a relay with dedicated accounts, and .* has none$/m)
  },
  SLOW,
)

test(
  'on the relay, commands about the fleet file leave what is in force alone, and those about the relay need no name',
  async context => {
    const { host, fleet } = await farOperator(context)
    await fleet.relay('apply')
    const inForce = await host.sh('cat /etc/oobm/fleet.toml')
    for (const args of [
      ['remove', 'device', 'osaka'],
      ['add', 'device', 'kyoto'],
      ['keys', '--all'],
      ['rename', 'device', 'osaka', 'kyoto'],
    ]) {
      const { code, stdout, stderr } = await host.oobmRelay(...args)
      assert.is(code, 78, stdout + stderr)
      assert.match(stderr, /^cannot read fleet\.toml \(ENOENT\): this host is a relay/)
      const named = await host.oobmRelay(...args, '--fleet', '/etc/oobm/fleet.toml')
      assert.is(named.code, 64, named.stdout + named.stderr)
      assert.match(named.stderr, /is the relay's copy, which "oobm-relay \w+( device)?" does not use/)
    }
    assert.is(await host.sh('cat /etc/oobm/fleet.toml'), inForce)
    assert.is(await host.sh('find /etc/oobm/ -name secrets'), '')
    assert.match((await host.oobmRelay('status')).stdout, /^2 devices, 0 proved$/m)
    const nobody = await host.run('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'oobm-relay',
      'status',
    ])
    assert.equal([nobody.code, nobody.stdout], [1, ''], 'what it may not read is not "never there"')
    assert.match(
      nobody.stderr,
      /^\/var\/lib\/oobm\/devices cannot be read as this user: permission denied \(EACCES\); use sudo/m,
    )
    assert.is(await readFile(join(host.shared, 'fleet.toml'), 'utf8'), inForce)
  },
  SLOW,
)

test.run()
