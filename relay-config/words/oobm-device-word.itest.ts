import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePorts } from '../../testbed/free-port.ts'
import type { Program } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { isAlive, signalProcess } from '../../testbed/sshd.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { suite, type TestContext } from '../../tools/suite.ts'
import { type FleetRelay, startFleetRelay } from '../testing/fleet-relay.ts'

const test = suite('device words')
/** Many connections one after the other, on a machine that may be busy with other tests. */
const SLOW = { timeoutMs: 120_000 }
const token = (digit: string) => digit.repeat(32)
const [OLD, NEW, THIRD] = [token('a'), token('b'), token('c')]

async function relayFor(context: TestContext, shebang?: string): Promise<FleetRelay> {
  const [tokyo, osaka] = await freePorts(2)
  const relay = await startFleetRelay({
    directory: await scratchDirectory(context),
    devices: { tokyo: Math.min(tokyo ?? 0, 60_000), osaka: Math.max(osaka ?? 0, 60_002) },
    ...(shebang !== undefined && { shebang }),
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(relay.sshd.log)
  return relay
}

/** A connection that several words can be run on, as the supervisor does: ssh's own multiplexing. */
async function connection(context: TestContext, relay: FleetRelay, device: string) {
  const socket = join(await scratchDirectory(context), 'mux')
  const master = relay.startSsh(device, ['-M', '-S', socket, '-N', '-o', 'ServerAliveInterval=0'])
  context.cleanup(() => master.stop())
  await waitFor('the connection', () => existsSync(socket) || master.ended())
  const run = (word: string) => relay.ssh(device, ['-S', socket], word)
  const claim = async (token: string): Promise<Program> => {
    const channel = relay.startSsh(device, ['-S', socket], `claim ${token}`)
    context.cleanup(() => channel.stop())
    await channel.says(/^(claimed|superseded)\n/m)
    return channel
  }
  return { master, run, claim, ask: (channel: Program, line: string) => channel.child.stdin?.write(`${line}\n`) }
}

async function records(relay: FleetRelay, device: string, file = 'sessions'): Promise<string[]> {
  const text = await readFile(join(relay.stateDirectory, device, file), 'utf8').catch(() => '')
  return text.split('\n').slice(0, -1)
}

const pidOf = (record: string | undefined) => Number(record?.split(' ')[0])

/** The shells that /bin/sh is on some system. */
const SHELLS: [string, string, string][] = [
  ['dash', '/bin/dash', '#!/bin/dash'],
  ['bash', '/bin/bash', '#!/bin/bash --posix'],
  ['busybox', '/bin/busybox', '#!/bin/busybox sh'],
]

for (const [shell, path, shebang] of SHELLS) {
  const title = `in ${shell}: claims, is superseded by a later instance, says so, and evicts what is older`
  if (!existsSync(path)) {
    test.skip(title, `${path} is not here`)
    continue
  }
  test(
    title,
    async context => {
      const relay = await relayFor(context, shebang)
      const other = await connection(context, relay, 'osaka')
      const otherClaim = await other.claim(OLD)

      const first = await connection(context, relay, 'tokyo')
      const firstClaim = await first.claim(OLD)
      assert.is(firstClaim.output(), 'claimed\n')
      first.ask(firstClaim, 'others')
      await firstClaim.says(/^others none$/m)

      const second = await connection(context, relay, 'tokyo')
      const secondClaim = await second.claim(NEW)
      assert.is(secondClaim.output(), 'claimed\n')
      assert.is((await records(relay, 'tokyo')).length, 2)
      assert.is((await first.run('evict')).stdout, 'evicted 0\n', 'an older one does not end a later one')

      const again = await relay.ssh('tokyo', [], `claim ${OLD}`)
      assert.equal([again.code, again.stdout], [0, 'superseded\n'])
      assert.is((await records(relay, 'tokyo')).length, 2, 'being turned away is no claim')
      second.ask(secondClaim, 'others')
      await secondClaim.says(/^others \d+$/m)
      first.ask(firstClaim, 'others')
      await firstClaim.says(/^others none\nothers none$/m)

      const evicted = await second.run('evict')
      assert.equal([evicted.code, evicted.stdout], [0, 'evicted 1\n'])
      await waitFor('the older connection to end', () => first.master.ended())
      await waitFor('one record', async () => (await records(relay, 'tokyo')).length === 1)
      assert.is((await second.run('evict')).stdout, 'evicted 0\n')

      assert.not(otherClaim.ended(), 'another device on the same login is not touched')
      other.ask(otherClaim, 'others')
      await otherClaim.says(/^others none$/m)

      secondClaim.child.stdin?.end()
      await waitFor('the channel to end', () => secondClaim.ended())
      assert.equal(await records(relay, 'tokyo'), [], 'who closes the channel gives the claim back')
      const heir = await (await connection(context, relay, 'tokyo')).claim(OLD)
      assert.is(heir.output(), 'claimed\n', 'an older one may come back when no later one lives')
    },
    SLOW,
  )
}

test(
  'evicts a connection whose sshd is stopped, and that of a client that is',
  async context => {
    const relay = await relayFor(context)
    const stopped = await connection(context, relay, 'tokyo')
    const stoppedClaim = await stopped.claim(OLD)
    const [record] = await records(relay, 'tokyo')
    signalProcess(pidOf(record), 'SIGSTOP')
    context.cleanup(() => signalProcess(pidOf(record), 'SIGCONT'))
    const suspended = await connection(context, relay, 'tokyo')
    await suspended.claim(OLD)
    suspended.master.child.kill('SIGSTOP')

    const fresh = await connection(context, relay, 'tokyo')
    const claimed = await fresh.claim(OLD)
    assert.match(claimed.output(), /^claimed$/m)
    assert.is((await fresh.run('evict')).stdout, 'evicted 2\n')
    assert.not(await isAlive(pidOf(record)), 'the stopped sshd is gone')
    await waitFor('its client to notice', () => stopped.master.ended() && stoppedClaim.ended())
    assert.is((await records(relay, 'tokyo')).length, 1)
    suspended.master.child.kill('SIGCONT')
    await waitFor('the suspended client to notice', () => suspended.master.ended())
    assert.not(claimed.ended())
  },
  SLOW,
)

test(
  'lets nobody evict who has not claimed on that connection, and runs nothing else',
  async context => {
    const relay = await relayFor(context)
    const claimed = await connection(context, relay, 'tokyo')
    await claimed.claim(OLD)
    const denied = await relay.ssh('tokyo', [], 'evict')
    assert.equal([denied.code, denied.stdout], [64, ''])
    assert.match(denied.stderr, /evict: claim first, on this same connection/)
    const words = [
      ...['claim', 'claim ', `claim ${OLD.slice(1)}`, `claim ${OLD}a`, `claim ${OLD} x`, `claim ${OLD.toUpperCase()}`],
      ...[
        ' evict',
        'evict x',
        'evict;id',
        'evict\nid',
        `claim ${OLD}\nid`,
        `claim ${OLD.slice(2)}\na`,
        'claim ../../../../tmp/oobm-device-word-x',
      ],
      ...['sh', 'id', '$(id)', '`id`', '*', 'claim *', 'x'.repeat(20_000)],
    ]
    for (const word of words) {
      const { code, stdout, stderr } = await relay.ssh('tokyo', [], word)
      assert.equal(
        [code, stdout, stderr],
        [64, '', 'oobm-device-word: tokyo: the words are: claim TOKEN, evict\n'],
        word,
      )
    }
    assert.equal(await readdir(relay.stateDirectory), ['tokyo'])
    assert.is((await records(relay, 'tokyo')).length, 1)
  },
  SLOW,
)

test(
  'ignores on the control channel what is unknown, over-long, binary or cut anywhere',
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
  'keeps the records bounded and whole when many come at once',
  async context => {
    const relay = await relayFor(context)
    const holder = await connection(context, relay, 'tokyo')
    for (let n = 0; n < 20; n++) {
      const { stdout } = await holder.run(`claim ${n.toString(16).padStart(32, '0')}`)
      assert.is(stdout, 'claimed\n')
    }
    assert.is((await records(relay, 'tokyo', 'tokens')).length, 16)

    const crowd = await Promise.all(Array.from({ length: 6 }, () => connection(context, relay, 'tokyo')))
    const channels = await Promise.all(crowd.map(({ claim }, n) => claim(n % 2 === 0 ? NEW : THIRD)))
    const claimed = channels.filter(channel => channel.output() === 'claimed\n')
    assert.ok(claimed.length >= 3, 'at least those of one token')
    const lines = await records(relay, 'tokyo')
    assert.is(lines.length, claimed.length)
    for (const line of lines) assert.match(line, /^\d+ \d+ sshd(-session)? [bc]{32}$/)
    assert.is((await records(relay, 'tokyo', 'tokens')).length, 16)
    assert.equal(
      (await readdir(join(relay.stateDirectory, 'tokyo'))).filter(name => name.endsWith('.new')),
      [],
    )
  },
  SLOW,
)

test(
  'leaves nothing behind when the connection dies',
  async context => {
    const relay = await relayFor(context)
    const { claim, master } = await connection(context, relay, 'tokyo')
    await claim(OLD)
    const pids = await relay.sshd.descendants()
    assert.ok(pids.length >= 3, 'sshd, the word, and what it waits in')
    master.child.kill('SIGKILL')
    const gone = () => pids.every(pid => !signalProcess(pid, 0))
    await waitFor('sshd and the word to end after the client', gone)

    const second = await connection(context, relay, 'tokyo')
    await second.claim(OLD)
    const more = await relay.sshd.descendants()
    signalProcess(pidOf((await records(relay, 'tokyo')).at(-1)), 'SIGKILL')
    await waitFor('the word to end after its sshd', () => more.every(pid => !signalProcess(pid, 0)))
    const { stdout } = await relay.ssh('tokyo', [], `claim ${NEW}`)
    assert.is(stdout, 'claimed\n')
    assert.equal(await records(relay, 'tokyo'), [], 'records of the dead are dropped')
  },
  SLOW,
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

for (const [shell, path, shebang] of SHELLS) {
  const title = `in ${shell}: passes on what the relay says, tells who is switched off, and keeps reports`
  if (!existsSync(path)) {
    test.skip(title, `${path} is not here`)
    continue
  }
  test(
    title,
    async context => {
      const relay = await relayFor(context, shebang)
      assert.not(tell(relay, 'tokyo', 'blink 1\n'), 'nobody is there, and nobody waits')
      const first = await connection(context, relay, 'tokyo')
      const firstClaim = await first.claim(OLD)
      const report = join(relay.stateDirectory, 'tokyo/report.json')
      assert.is((await stat(join(relay.stateDirectory, 'tokyo/control'))).mode & 0o777, 0o600)
      assert.ok(tell(relay, 'tokyo', 'blink 1\n'))
      await firstClaim.says(/^claimed\nblink 1\n$/)

      first.ask(firstClaim, 'report {"v":1,"word":"ready"}')
      await waitFor('the report', async () => (await readFile(report, 'utf8').catch(() => '')) !== '')
      assert.is(await readFile(report, 'utf8'), '{"v":1,"word":"ready"}\n')

      const past = join(relay.stateDirectory, 'tokyo/past')
      first.ask(firstClaim, 'session {"x":"\\u00fc\\n%s"}')
      first.ask(firstClaim, 'session {"y":1}')
      first.ask(firstClaim, `session {"z":"${'z'.repeat(600)}"}`)
      first.ask(firstClaim, 'others')
      await firstClaim.says(/^others none$/m)
      assert.match(await readFile(past, 'utf8'), /^\d+ \{"x":"\\u00fc\\n%s"\}\n\d+ \{"y":1\}\n$/)

      const second = await connection(context, relay, 'tokyo')
      const secondClaim = await second.claim(NEW)
      for (let n = 0; n < 20; n++) assert.ok(tell(relay, 'tokyo', `blink 2${n}\n`))
      await secondClaim.says(/^blink 219$/m)
      assert.is(firstClaim.output(), 'claimed\nblink 1\nothers none\n', 'an older connection gets nothing of it')

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
    },
    SLOW,
  )
}

test(
  'a word that is killed leaves no process behind',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    await claim(OLD)
    const pids = await relay.sshd.descendants()
    const names = await Promise.all(pids.map(async pid => [pid, await readFile(`/proc/${pid}/comm`, 'utf8')] as const))
    const below = names.filter(([, name]) => !name.startsWith('sshd'))
    assert.equal(below.map(([, name]) => name.trim()).sort(), ['cat', 'oobm-device-wor'], 'two processes a device')
    const word = below.find(([, name]) => name.startsWith('oobm'))?.[0] ?? 0
    signalProcess(word, 'SIGKILL')
    await waitFor('both to be gone', () => below.every(([pid]) => !signalProcess(pid, 0)))
  },
  SLOW,
)

test(
  'keeps of a hostile device one report of bounded size, at a bounded pace, and no byte that a terminal obeys',
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
    await channel.says(/^others none$/m)
    assert.is(await report(), '')

    const longest = `{"x":"$(id)\`id\`*\\\\n%s${'y'.repeat(4096 - 7 - 27)}"}`
    write(`report ${longest}\nothers\n`)
    await channel.says(/^others none\nothers none$/m)
    assert.is(await report(), `${longest}\n`)

    const startedMs = Date.now()
    write(Array.from({ length: 4 }, (_, n) => `report {"n":${n}}\n`).join(''))
    await waitFor('the last of many reports', async () => (await report()) === '{"n":3}\n')
    assert.ok(Date.now() - startedMs >= 1_400, 'three pauses')
    assert.equal(
      (await readdir(folder)).sort(),
      ['control', 'enrolled', 'lock', 'report.json', 'sessions', 'tokens'],
      'nothing else was written',
    )
  },
  SLOW,
)

test(
  'a line that never ends costs the device its channel, and the relay a bounded memory',
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
    await waitFor('the word to give up', () => channel.ended(), { timeoutMs: 100_000 })
    assert.is((await readdir(join(relay.stateDirectory, 'tokyo'))).includes('report.json'), false)
  },
  SLOW,
)

test.run()
