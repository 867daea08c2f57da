/** Commands about the fleet, typed where the operator works, with two relays: one answer of both, and none is hidden by the other. */
import * as assert from 'uvu/assert'
import { farOperator } from '../../testing/far-operator.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('a fleet with two relays')

/** Writes the record of a connection that lives: of this host's own sshd; and a report of so many minutes ago. */
const RECORD = `record() {
  mkdir -p "$1/state/osaka"
  read -r pid </run/admin-sshd.pid
  start=$(cut -d " " -f 22 "/proc/$pid/stat")
  echo "$pid $start sshd 0123456789abcdef0123456789abcdef" >"$1/state/osaka/sessions"
  printf '%s' '{"v":1,"word":"ready","cause":"","sinceS":9,"proofS":3,"tookMs":1,"probeMs":1,"sessions":{"shell":0,"console":0},"software":"0.1.0","uplink":"eth0","consoles":[],"changes":[]}' >"$1/state/osaka/report.json"
  touch -d "$2 minutes ago" "$1/state/osaka/report.json"
}`

test(
  'status, history, metrics, off, on and blink speak for both, and say which does not answer',
  async context => {
    const { host, fleet, operate } = await farOperator(context)
    await host.sh(
      'useradd -m -s /bin/sh -p "*" ops; mkdir -m 700 /home/ops/.ssh; cp /root/.ssh/authorized_keys /home/ops/.ssh; for at in lon par; do mkdir -p "/home/ops/$at"; cp /usr/lib/oobm/oobm-device-command "/home/ops/$at"; done; chmod 755 /usr/lib/oobm',
    )
    await host.sh(`${RECORD}; record /home/ops/lon 60; record /home/ops/par 0; chown -R ops /home/ops`)
    const relay = (name: string, address: string) =>
      `[[relays]]\nname = "${name}"\nhost = "${address}"\nport = 22\nuser = "ops"\ndirectory = "${name}"\nhost_keys = ["${fleet.alice.publicKey}"]\n`
    const write = (par: string) =>
      fleet.write(text =>
        text
          .replace(
            /\[\[relays\]\][\s\S]*?\[\[devices\]\]/,
            `${relay('lon', '192.0.2.1')}${relay('par', par)}[[devices]]`,
          )
          .replace('gateway = true\n', '')
          .replace('login = ["sw2"]\n', '')
          .replace(/uid = \d+\n/g, ''),
      )
    await write('2001:db8:2::1')
    const must = async (...args: string[]) => {
      const { code, stdout, stderr } = await operate(args)
      assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }

    // The older connection at lon is one that lon has not noticed yet.
    assert.match(
      await must('status'),
      /^osaka {2}ready par {3}\d+s [\s\S]*^osaka: relay lon still has an older connection/m,
    )
    const one = await operate(['status', 'osaka'])
    assert.is(one.code, 0, one.stderr)
    assert.match(one.stdout, /^osaka {2}ready [\s\S]*^ {2}here {9}connected to relay par$/m)
    const json = JSON.parse(await must('status', '--json'))
    assert.equal(
      json.map((view: { device: string; relay: unknown; word: string }) => [view.device, view.relay, view.word]),
      [
        ['tokyo', null, 'never'],
        ['osaka', 'par', 'ready'],
      ],
    )
    const metrics = await must('metrics')
    assert.match(metrics, /^oobm_device_state\{device="osaka",state="ready"\} 1$/m)
    assert.match(metrics, /^oobm_device_relay\{device="osaka",relay="par"\} 1$/m)
    assert.match(metrics, /^oobm_relay_answered\{relay="lon"\} 1\noobm_relay_answered\{relay="par"\} 1$/m)
    await host.sh('rm /home/ops/lon/state/osaka/sessions /home/ops/par/state/osaka/sessions')

    const off = await must('off', 'osaka', '--reason', 'power work')
    assert.match(off, /^relay lon .*\naccess to osaka is off: [\s\S]*^relay par .*\naccess to osaka is off: /m)
    const history = await must('history')
    assert.match(history, / access off .* power work {2}\[lon\]\n.* access off .* power work {2}\[par\]$/m)
    assert.is((await must('history', '--last', '1')).trim().split('\n').length, 1)
    assert.is(JSON.parse((await must('history', '--last', '1', '--json')).trim()).relay, 'par')
    await must('on', 'osaka', '--relay', 'par')
    assert.match(await must('status'), /^osaka: access is off at lon only$/m)
    await must('on', 'osaka')
    const blink = await operate(['blink', 'osaka'])
    assert.is(blink.code, 69, 'it is at neither')

    // One relay is gone.
    await write('127.0.0.1')
    const half = await operate(['off', 'osaka'])
    assert.is(half.code, 69)
    assert.match(half.stdout, /^relay lon .*\naccess to osaka is off: /m)
    assert.match(half.stderr, /cannot reach relay par [\s\S]*"off" was not done at par: repeat it with --relay par$/m)
    for (const args of [['status'], ['history'], ['metrics']]) {
      const { code, stdout, stderr } = await operate(args)
      assert.is(code, 69, `${args}: ${stdout}`)
      assert.match(stdout, /osaka/)
      assert.match(stderr, /^cannot reach relay par /m)
    }
    const elsewhere = await operate(['status', '--host', 'ops@192.0.2.1'])
    assert.equal([elsewhere.code, elsewhere.stdout], [64, ''], '--host is for one')
  },
  { timeoutMs: 200_000 },
)

test.run()
