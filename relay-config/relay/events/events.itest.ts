/** Events by real ways: a relay with a real sshd and device, rsyslog, a web server, a program, TLS by socat. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../../testbed/free-port.ts'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, NEW, OLD, relayFor, SLOW } from '../../testing/device-commands.ts'
import { appendHistory } from '../history.ts'
import { eventSchema, type RelayEvent } from './event.ts'

const test = suite('oobm-relay events')
const WAIT = { timeoutMs: 60_000 }
const RSYSLOGD = '/usr/sbin/rsyslogd'

const REPORT = {
  ...{ v: 1, state: 'ready', cause: '', sinceS: 9, proofS: 3, tookMs: 1, probeMs: 2, changes: [] },
  ...{ sessions: { shell: 0, console: 0 }, software: '1', uplink: null },
  consoles: [{ name: 'core-sw1', open: true, cause: '', who: [] as object[] }],
}
const report = (more: object = {}) => `report ${JSON.stringify({ ...REPORT, ...more })}`
const deviceEvent = (more: object) => `event ${JSON.stringify({ ...more, agoS: 0 })}`

/** A relay, and what runs `oobm-relay events` at it. */
async function scene(context: TestContext, sinks: string) {
  const relay = await relayFor(context)
  const directory = await scratchDirectory(context)
  const fleet = join(directory, 'fleet.toml')
  const config = join(directory, 'events.toml')
  await writeFile(fleet, relay.fleetText)
  await writeFile(config, `version = 1\nsettle_s = 1\n${sinks}`)
  const state = join(relay.stateDirectory, '..')
  const args = [
    ...programArgs('relay-config/main.ts'),
    'events',
    '--config',
    config,
    '--state',
    state,
    '--fleet',
    fleet,
  ]
  // The folder of a device that was here before.
  await (await connection(context, relay, 'tokyo')).run(`claim ${OLD}`)
  const start = async () => {
    const program = startProgram(process.execPath, args)
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    const saved = () => readFile(join(state, 'events.json'), 'utf8').catch(() => '')
    const before = await saved()
    await waitFor('the first look', async () => (await saved()) !== before || program.ended(), WAIT)
    return program
  }
  const enter = async (token: string) => {
    const { master, claim } = await connection(context, relay, 'tokyo')
    return { master, channel: await claim(token) }
  }
  return { relay, directory, state, args, start, enter, config }
}

async function startRsyslog(context: TestContext, directory: string, port: number) {
  const file = join(directory, 'collected')
  const conf = join(directory, 'rsyslog.conf')
  await writeFile(
    conf,
    `module(load="imtcp") module(load="imudp")
input(type="imtcp" address="127.0.0.1" port="${port}")
input(type="imudp" address="127.0.0.1" port="${port}")
template(name="t" type="string" string="%inputname%|%syslogfacility-text%.%syslogseverity-text%|%app-name%|%msgid%|%structured-data%|%msg%\\n")
*.* action(type="omfile" file="${file}" template="t")
`,
  )
  const program = startProgram(RSYSLOGD, ['-n', '-f', conf, '-i', join(directory, 'rsyslog.pid')])
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  const lines = async (input: string) => {
    const text = await readFile(file, 'utf8').catch(() => '')
    return text.split('\n').filter(line => line.startsWith(`${input}|`) && line.includes('|oobm-relay|'))
  }
  return { program, lines }
}

const kindIn = (line: string) => line.split('|')[3]

test(
  'what happens comes to each sink, in order, once; one that is away gets it later, also after this program was killed',
  async context => {
    if (!existsSync(RSYSLOGD)) throw new Error(`${RSYSLOGD} is not here: install rsyslog`)
    const port = await freePort()
    const directory = await scratchDirectory(context)
    const posted: { event: RelayEvent; token: string | undefined }[] = []
    const answers = [503, 429, 302]
    const web = createServer((request, response) => {
      let body = ''
      request.on('data', chunk => {
        body += chunk
      })
      request.on('end', () => {
        const event = eventSchema.parse(JSON.parse(body))
        const status = event.event === 'break' ? 422 : (answers.shift() ?? 204)
        if (status === 204) posted.push({ event, token: request.headers.authorization })
        response.writeHead(status).end()
      })
    }).listen(0, '127.0.0.1')
    await once(web, 'listening')
    context.cleanup(() => void web.close())
    await writeFile(join(directory, 'headers'), 'Authorization: Bearer of-the-noc\n')
    const script = join(directory, 'told.sh')
    await writeFile(script, '#!/bin/sh\n[ "$OOBM_EVENT" = alert ] || exit 0\ncat >>"$1"\n', { mode: 0o755 })
    const command = join(directory, 'by-command')
    const { start, enter, state, args } = await scene(
      context,
      `[[sinks]]\nname = "syslog"\nsyslog = "tcp://127.0.0.1:${port}"\nfacility = "local4"
[[sinks]]\nname = "datagrams"\nsyslog = "udp://127.0.0.1:${port}"
[[sinks]]\nname = "web"\nwebhook = "http://127.0.0.1:${(web.address() as AddressInfo).port}/x"\nheaders_file = "${directory}/headers"
[[sinks]]\nname = "program"\ncommand = ["${script}", "${command}"]
`,
    )
    let collector = await startRsyslog(context, directory, port)
    const program = await start()
    const { master, channel } = await enter(OLD)
    ask(channel, report())
    ask(
      channel,
      deviceEvent({ event: 'alert', fromS: 0, console: 'core-sw1', rule: 'ios-fan', count: 1, ref: '0123456789ab' }),
    )
    await waitFor('the alert', async () => (await collector.lines('imtcp')).length >= 1, WAIT)
    ask(channel, deviceEvent({ event: 'break', console: 'core-sw1', technician: 'alice', detail: '400 ms' }))
    const who = [{ technician: 'alice', types: true, forS: 0 }]
    ask(channel, report({ sessions: { shell: 0, console: 1 }, consoles: [{ ...REPORT.consoles[0], who }] }))
    await waitFor(
      'the login',
      async () => (await collector.lines('imtcp')).some(line => kindIn(line) === 'login'),
      WAIT,
    )
    ask(
      channel,
      report({ state: 'no-console', consoles: [{ ...REPORT.consoles[0], open: false, cause: 'no adapter' }] }),
    )
    await waitFor(
      'the console',
      async () => (await collector.lines('imtcp')).some(line => kindIn(line) === 'console-closed'),
      WAIT,
    )
    ask(channel, deviceEvent({ event: 'settings', detail: 'serial 7 refused: the signature is bad' }))
    await waitFor(
      'settings',
      async () => (await collector.lines('imtcp')).some(line => kindIn(line) === 'settings-refused'),
      WAIT,
    )

    // The collector is away, and this program is killed while events wait.
    await collector.program.stop()
    await appendHistory(
      { history: join(state, 'history.jsonl') },
      { by: 'carol', event: 'Stop Remote M.', device: 'tokyo' },
    )
    await master.stop()
    const lost = (name: string) => posted.some(({ event }) => event.event === name)
    await waitFor('the loss at the other sinks', () => lost('device-lost') && lost('access-off'), WAIT)
    program.child.kill('SIGKILL')
    await waitFor('its end', program.ended)
    const again = await start()
    collector = await startRsyslog(context, directory, port)
    const back = await enter(NEW)
    ask(back.channel, report())
    const expected = ['alert', 'break', 'login', 'console-closed', 'settings-refused', 'access-off', 'device-lost']
    const kinds = async (input: string) => [...new Set((await collector.lines(input)).map(kindIn))]
    await waitFor('all that waited', async () => (await kinds('imtcp')).includes('device-proved'), WAIT)
    const all = await kinds('imtcp')
    assert.equal(all.toSorted(), [...expected, 'device-proved', 'console-open'].toSorted())
    const orderOf = (kind: string) => all.indexOf(kind)
    for (const [earlier, later] of [
      ['alert', 'console-closed'],
      ['console-closed', 'settings-refused'],
      ['settings-refused', 'device-lost'],
      ['device-lost', 'device-proved'],
    ] as const)
      assert.ok(orderOf(earlier) < orderOf(later), `${earlier} before ${later}: ${all}`)

    const alert = (await collector.lines('imtcp')).find(line => kindIn(line) === 'alert') ?? ''
    assert.match(
      alert,
      /^imtcp\|local4\.warning\|oobm-relay\|alert\|\[oobm@32473 id="[0-9a-f]{24}" device="tokyo" console="core-sw1" since="[^"]+" rule="ios-fan" count="1" relay="lab" next="ssh core-sw1 log --since 2h"\]\|/,
    )
    assert.match(alert, /console core-sw1 at tokyo: rule ios-fan matched at .*; next: ssh core-sw1 log --since 2h$/)
    assert.ok((await collector.lines('imudp')).some(line => line.startsWith('imudp|daemon.warning|oobm-relay|alert|')))

    // The web server has refused one event for good, which is said in its place; it was asked again for the first.
    await waitFor('the last one at the web server', () => lost('device-proved'), WAIT)
    // Killed between a delivery and the note of it, this program sends once more, with the same id.
    const told = [...new Map(posted.map(({ event }) => [event.id, event.event])).values()]
    assert.is(new Set(told).size, told.length, `each once: ${told}`)
    assert.not(told.includes('break'))
    const dropped = posted.find(({ event }) => event.event === 'dropped')?.event
    assert.match(dropped?.text ?? '', /^1 event was dropped on the way to this sink, the first of /)
    assert.ok(posted.every(({ token }) => token === 'Bearer of-the-noc'))
    assert.match(program.output(), /sink web: it answers 503; 1 event waits/)
    assert.match(program.output(), /sink web: it answers 422: it refuses this event, which is dropped: .*BREAK/)
    assert.match(again.output() + program.output(), /sink syslog: .*ECONNREFUSED.*; \d+ events? waits?/)
    const ran = (await readFile(command, 'utf8'))
      .trim()
      .split('\n')
      .map(line => eventSchema.parse(JSON.parse(line)))
    assert.equal(
      ran.map(({ event, rule }) => [event, rule]),
      [['alert', 'ios-fan']],
    )

    // What was delivered is written down within a second.
    await waitFor('the metrics', async () => {
      const { stdout } = await runProgram(process.execPath, [
        ...programArgs('relay-config/main.ts'),
        ...['metrics', ...args.slice(args.indexOf('--state'))],
      ])
      return [
        /^oobm_events_dropped_total\{sink="web"\} 1$/m,
        /^oobm_events_waiting\{sink="web"\} 0$/m,
        /^oobm_events_waiting\{sink="syslog"\} 0$/m,
      ].every(line => line.test(stdout))
    })
    assert.is((await again.stop()).code, 0)
  },
  { timeoutMs: 240_000 },
)

test(
  '--test says of each sink whether it took an event; TLS trusts the file that is named, and no other',
  async context => {
    const directory = await scratchDirectory(context)
    const path = (name: string) => join(directory, name)
    for (const name of ['good', 'other']) {
      const { code, stderr } = await runProgram('openssl', [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path(`${name}.key`), '-out', path(`${name}.pem`)],
      ])
      assert.is(code, 0, stderr)
    }
    const [port, nobody] = [await freePort(), await freePort()]
    const collector = startProgram('socat', [
      ...[
        '-u',
        `OPENSSL-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,cert=${path('good.pem')},key=${path('good.key')},verify=0`,
      ],
      `OPEN:${path('got')},creat,append`,
    ])
    context.cleanup(() => collector.stop())
    const sinks = (ca: string) => `[[sinks]]\nname = "tls"\nsyslog = "tls://127.0.0.1:${port}"\nca_file = "${path(ca)}"
[[sinks]]\nname = "fails"\ncommand = ["/bin/sh", "-c", "echo no pager here >&2; exit 3"]
[[sinks]]\nname = "missing"\ncommand = ["/nonexistent"]
[[sinks]]\nname = "nobody"\nwebhook = "http://127.0.0.1:${nobody}/"
`
    const { args, config } = await scene(context, sinks('good.pem'))
    await waitFor(
      'the collector',
      async () => (await runProgram('sh', ['-c', `ss -ltn | grep -q 127.0.0.1:${port}`])).code === 0,
    )
    const run = () => runProgram(process.execPath, [...args, '--test'], { timeoutMs: 60_000 })
    const { code, stdout } = await run()
    assert.is(code, 1)
    assert.match(stdout, /^tls: taken$/m)
    assert.match(stdout, /^fails: not taken: exit code 3: no pager here$/m)
    assert.match(stdout, /^missing: not taken: exit code \d+: setpriv: failed to execute \/nonexistent/m)
    assert.match(stdout, /^nobody: not taken: .*ECONNREFUSED/m)
    const got = await waitFor('the message', () => readFile(path('got'), 'utf8').catch(() => ''))
    assert.match(
      String(got),
      /^\d+ <30>1 \S+ \S+ oobm-relay - test \[oobm@32473 id="test\..*\] a test from relay lab: nothing has happened$/,
    )

    await writeFile(config, `version = 1\n${sinks('other.pem')}`)
    assert.match((await run()).stdout, /^tls: not taken: .*self.signed/m)
    await writeFile(config, `version = 1\n${sinks('nothing.pem')}`)
    const wrong = await run()
    assert.is(wrong.code, 78)
    assert.match(wrong.stderr, /^sink tls: .*nothing\.pem cannot be used: no such file or directory/)
  },
  SLOW,
)

test('runs on the relay alone', async context => {
  const fleet = join(await scratchDirectory(context), 'fleet.toml')
  const relay = await relayFor(context)
  await writeFile(fleet, relay.fleetText)
  const { code, stderr } = await runProgram(process.execPath, [
    ...programArgs('relay-config/main.ts'),
    'events',
    '--fleet',
    fleet,
  ])
  assert.equal(
    [code, stderr.trim().split(';')[0]],
    [64, 'oobm-relay events: events runs on the relay: systemctl enable --now oobm-relay-events'],
  )
})

test.run()
