/** What goes over the channel that a device's `claim` leaves open, in both directions. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { formatAlert } from '../../../formats/control-protocol.ts'
import { signalProcess } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, NEW, OLD, relayFor, SLOW, testInEachShell } from '../../testing/device-commands.ts'
import type { FleetRelay } from '../../testing/fleet-relay.ts'

const test = suite('oobm-device-command: the control channel')
/** Milliseconds for lines that each have a pause, in a command that runs when nothing else does. */
const PACED_MS = 60_000

testInEachShell(
  test,
  'passes on messages of the relay, says when access is off, and keeps reports',
  async (context, relay) => {
    assert.not(tell(relay, 'tokyo', 'blink 1\n'), 'nobody is there, and nobody waits')
    const first = await connection(context, relay, 'tokyo')
    const firstClaim = await first.claim(OLD)
    const report = join(relay.stateDirectory, 'tokyo/report.json')
    const pipe = join(relay.stateDirectory, 'tokyo/control')
    await waitFor('its pipe to have a name', async () => (await stat(pipe).catch(() => undefined))?.isFIFO())
    assert.is((await stat(pipe)).mode & 0o777, 0o600)
    assert.ok(tell(relay, 'tokyo', 'blink 1\n'))
    await firstClaim.says(/^claimed\nblink 1\n$/)

    ask(firstClaim, 'report {"v":1,"word":"ready"}')
    await waitFor('the report', async () => (await readFile(report, 'utf8').catch(() => '')) !== '')
    assert.is(await readFile(report, 'utf8'), '{"v":1,"word":"ready"}\n')

    const trend = join(relay.stateDirectory, 'tokyo/trend')
    ask(firstClaim, 'report {"v":1,"word":"no-console","tookMs":7,"probeMs":21.4,"changes":[{"probeMs":9}]}')
    const points = () => readFile(trend, 'utf8').catch(() => '')
    await waitFor('two moments', async () => /^\d+ ready -\n\d+ no-console 21\n$/.test(await points()))

    const past = join(relay.stateDirectory, 'tokyo/past')
    ask(firstClaim, 'session {"x":"\\u00fc\\n%s"}')
    ask(firstClaim, 'session {"y":1}')
    ask(firstClaim, `session {"z":"${'z'.repeat(600)}"}`)
    ask(firstClaim, 'others')
    await firstClaim.says(/^others none$/m)
    assert.match(await readFile(past, 'utf8'), /^\d+ \{"x":"\\u00fc\\n%s"\}\n\d+ \{"y":1\}\n$/)

    // What is over the bound is gone, and counted.
    await writeFile(past, '1 {}\n'.repeat(256))
    for (const n of [1, 2]) ask(firstClaim, `event {"event":"break","n":${n}}`)
    ask(firstClaim, 'event {"event":"\x1b"}')
    ask(firstClaim, 'others')
    await firstClaim.says(/^others none\nothers none$/m)
    const kept = (await readFile(past, 'utf8')).split('\n')
    assert.is(kept.length, 257)
    assert.match(kept.slice(-3).join('\n'), /^\d+ \{"event":"break","n":1\}\n\d+ \{"event":"break","n":2\}\n$/)
    assert.is(await readFile(join(relay.stateDirectory, 'tokyo/past.gone'), 'utf8'), '2\n')

    // Alerts have a file of their own: a flood of them displaces nothing that people did.
    const alerts = join(relay.stateDirectory, 'tokyo/alerts')
    await writeFile(alerts, '1 {}\n'.repeat(256))
    ask(firstClaim, formatAlert({ ref: 'a1', agoS: 1, fromS: 2, console: 'sw1', rule: 'ios-fan', count: 3 }))
    ask(firstClaim, 'others')
    await firstClaim.says(/^others none\nothers none\nothers none$/m)
    const alertLines = (await readFile(alerts, 'utf8')).split('\n')
    assert.equal([alertLines.length, alertLines[0]], [257, '1 {}'])
    assert.match(alertLines.at(-2) ?? '', /^\d+ \{"event":"alert",.*"rule":"ios-fan"\}$/)
    assert.is(await readFile(join(relay.stateDirectory, 'tokyo/alerts.gone'), 'utf8'), '1\n')
    assert.equal((await readFile(past, 'utf8')).split('\n'), kept)

    const second = await connection(context, relay, 'tokyo')
    const secondClaim = await second.claim(NEW)
    await waitFor('the new pipe to have a name', () => tell(relay, 'tokyo', 'blink 20\n'))
    for (let n = 1; n < 20; n++) assert.ok(tell(relay, 'tokyo', `blink 2${n}\n`))
    await secondClaim.says(/^blink 219$/m)
    assert.is(
      firstClaim.output(),
      'claimed\nblink 1\nothers none\nothers none\nothers none\n',
      'an older connection gets nothing of it',
    )
    // What is over the bound goes to the file before.
    await writeFile(trend, '1 ready 5\n'.repeat(1_024))
    ask(secondClaim, 'report {"v":1,"word":"in-use","probeMs":5}')
    await waitFor('a new file', async () => /^\d+ in-use 5\n$/.test(await points()))
    assert.is(await readFile(`${trend}.old`, 'utf8'), '1 ready 5\n'.repeat(1_024))

    const now = Math.floor(Date.now() / 1000)
    const told = async (json: string) => {
      await switchOff(relay, 'osaka', json)
      const { stdout } = await relay.ssh('osaka', [], `claim ${OLD}`)
      return stdout
    }
    assert.is(await told('{"state":"off","until":null,"by":"x"}'), 'maintenance off\nclaimed\n')
    assert.match(
      await told(`{"state":"off","until":${now + 99},"by":"x"}`),
      new RegExp(`^maintenance off ${now + 99} \\d+\\nclaimed\\n$`),
    )
    assert.is(await told(`{"state":"off","until":${now},"by":"x"}`), 'claimed\n', 'it is over')
    assert.is(await told('{"state":"on","until":null,"by":"x"}'), 'claimed\n')
    assert.is(await told(''), 'claimed\n')

    const pids = await relay.sshd.descendants()
    for (const one of [first, second]) one.master.child.kill('SIGKILL')
    await waitFor('all to end', () => pids.every(pid => !signalProcess(pid, 0)))
    assert.not(tell(relay, 'tokyo', 'blink 1\n'))
    assert.match(await points(), /^\d+ in-use 5\n\d+ away -\n$/, 'the older connection was not the way in')
  },
)

test(
  'ignores lines on the control channel that are unknown, over-long, binary or cut anywhere',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    const channel = await claim(OLD)
    const write = (data: string | Buffer) => channel.child.stdin?.write(data)
    const answers = (count: number) =>
      waitFor(`${count} answers`, () => channel.output().split('others none\n').length - 1 === count || channel.ended())
    write('report {"x":1}\nothers \n others\nOTHERS\n\nothers x\n$(id)\n`id`\n*\n\\\nothers\\\n')
    write(`${'x'.repeat(100_000)}others\n`)
    write(Buffer.concat([Buffer.from([1, 0, 255, 0]), Buffer.from('others\n')]))
    write('others\n')
    await answers(1)
    write('oth')
    write('ers\noth')
    await answers(2)
    write('ers\nothers\n')
    await answers(4)
    assert.is(channel.output(), `claimed\n${'others none\n'.repeat(4)}`)
  },
  SLOW,
)

test(
  'keeps one report of a hostile device, of bounded size, at a bounded pace, and without bytes that a terminal obeys',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    const channel = await claim(OLD)
    const folder = join(relay.stateDirectory, 'tokyo')
    const write = (data: string | Buffer) => channel.child.stdin?.write(data)
    const report = () => readFile(join(folder, 'report.json'), 'utf8').catch(() => '')
    for (const bad of [
      'report {"x":"\x1b[2J"}',
      'report {"x":"\x7f"}',
      'report {"x":"\u009b2J"}',
      'report {"x":"ü"}',
      'report {"x":"a\tb"}',
      'report x',
      'report ',
      'report',
      ' report {"x":1}',
      `report {"x":"${'x'.repeat(4096)}"}`,
      `${'x'.repeat(5_000)}report {"x":1}`,
    ]) {
      write(`${bad}\n`)
    }
    write('others\n')
    await channel.says(/^others none$/m, PACED_MS)
    assert.is(await report(), '')

    const longest = `{"x":"$(id)\`id\`*\\\\n%s${'y'.repeat(4096 - 7 - 27)}"}`
    write(`report ${longest}\nothers\n`)
    await channel.says(/^others none\nothers none$/m, PACED_MS)
    assert.is(await report(), `${longest}\n`)

    const startedMs = Date.now()
    write(Array.from({ length: 4 }, (_, n) => `report {"n":${n}}\n`).join(''))
    await waitFor('the last of many reports', async () => (await report()) === '{"n":3}\n', {
      timeoutMs: PACED_MS,
    })
    assert.ok(Date.now() - startedMs >= 1_400, 'three pauses')
    const own = ['consoles', 'control', 'enrolled', 'lock', 'report.json', 'sessions', 'shown', 'tokens', 'trend']
    await waitFor('nothing else to be there', async () => (await readdir(folder)).sort().join() === own.join())
  },
  SLOW,
)

test(
  'an endless line ends the device’s channel, and takes bounded memory of the relay',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    const channel = await claim(OLD)
    const flood = Buffer.alloc(1 << 20, 'x')
    const pour = () => {
      while (!channel.ended() && channel.child.stdin?.write(flood));
      if (!channel.ended()) channel.child.stdin?.once('drain', pour)
    }
    pour()
    await waitFor('the command to give up', () => channel.ended(), { timeoutMs: 350_000 })
    assert.is((await readdir(join(relay.stateDirectory, 'tokyo'))).includes('report.json'), false)
  },
  { timeoutMs: 400_000 },
)

/** What `oobm-relay` does to speak to a device: one write that waits for nobody. */
function tell(relay: FleetRelay, device: string, text: string): boolean {
  const path = join(relay.stateDirectory, device, 'control')
  let fifo: number | undefined
  try {
    fifo = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    return writeSync(fifo, text) === text.length
  } catch {
    return false
  } finally {
    if (fifo !== undefined) closeSync(fifo)
  }
}

async function switchOff(relay: FleetRelay, device: string, json: string): Promise<void> {
  const folder = join(relay.stateDirectory, '..', 'maintenance')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${device}.json`), `${json}\n`)
}

test.run()
