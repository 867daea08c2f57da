/**
 * A transcript under everything at once: output at full rate, sessions that come, go, stall and take over, an adapter that is
 * unplugged, and a bridge that is killed. `make soak-transcript MB=100 SEED=7` runs it at length.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { type Comparison, compareTranscript } from './testing/compare-transcript.ts'
import { PumpedPty } from './testing/pumped-pty.ts'
import { ClockMarks } from './transcript/clock-marks.ts'
import { bytesOf } from './transcript/output-text.ts'
import { readRecords } from './transcript/read-records.ts'
import { isOutput } from './transcript/record.ts'

const test = suite('transcript soak')
const MEGABYTES = Number(process.env.MB || 3)
const SEED = Number(process.env.SEED || Date.now() % 1_000_000)
/** Milliseconds after which what was said is on the disk. */
const BOUND_MS = 5_000
const TRICKLE_MS = 50
/** Several waits of the bridge, one after the other, and each may be late. */
const LAG_FACTOR = 10
/** Bytes that may be on the way when an adapter is unplugged: pipes, socat, and the pty. */
const ON_THE_WAY_BYTES = 400_000

for (const [name, quotaBytes] of [
  ['everything that was sent is in it, outside the gaps that it marks', 1_073_741_824],
  ['the quota is kept, and the newest output is there', 1_048_576],
] as const) {
  test(`${name} (${MEGABYTES} MB, seed ${SEED})`, context => soak(context, quotaBytes), {
    timeoutMs: 120_000 + MEGABYTES * 10_000,
  })
}

async function soak(context: TestContext, transcriptBytes: number): Promise<void> {
  const random = generator(SEED)
  const target = new PumpedPty(join(await scratchDirectory(context), 'tty'))
  await target.plug()
  context.cleanup(() => target.unplug())
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path, baudRate: 115_200 }])
  const settings = `[bridge]\ntranscript_bytes = ${transcriptBytes}\ntranscript_percent = 90\n`
  const config = join(files.directory, 'device.toml')
  await writeFile(config, (await readFile(config, 'utf8')).replace('[bridge]\n', settings))
  const is = (state: 'open' | 'closed') =>
    statusWhere(files, state, ({ pid, consoles }) => pid === running.pid && consoles[0]?.state === state)
  const directory = join(files.directory, 'transcript', 'core-sw1')
  let running = await startBridge(context, files)
  await is('open')

  const kills: { sentBytes: number; safeBytes: number }[] = []
  const sessions: ChildProcess[] = []
  context.cleanup(() => sessions.forEach(session => void session.kill('SIGKILL')))
  const actions = {
    attach: async () => {
      const who = (['alice', 'bob', 'olga'] as const)[random(3)] ?? 'alice'
      sessions.push(openSession(sshArgs(files, who, 'core-sw1')))
    },
    detach: async () => void sessions.shift()?.stdin?.write('\x1dd'),
    'take over': async () => void sessions.at(-1)?.stdin?.write('\x1dw'),
    stall: async () => {
      const stalled = sessions.at(0)
      stalled?.kill('SIGSTOP')
      setTimeout(() => stalled?.kill('SIGCONT'), random(3_000)).unref()
    },
    unplug: async () => {
      await target.unplug()
      await is('closed')
      await target.plug()
      await is('open')
    },
    kill: async () => {
      // A part of it long enough ago to be on the disk, and a part that may not be.
      let lagMs = 0
      for (let left = random(160); left > 0; left--) {
        await target.send(lines(random, 200))
        const beforeMs = Date.now()
        await new Promise(resolve => setTimeout(resolve, TRICKLE_MS))
        lagMs = Math.max(lagMs, Date.now() - beforeMs - TRICKLE_MS)
      }
      // A machine that runs others first does so with the bridge, too.
      const safeBytes = target.sentBefore(Date.now() - BOUND_MS - LAG_FACTOR * lagMs)
      kills.push({ sentBytes: target.sentBytes, safeBytes })
      running.child.kill('SIGKILL')
      await waitFor('the bridge to die', () => running.ended())
      running = await startBridge(context, files)
      await is('open')
      await withinQuota()
    },
  }
  const names = ['attach', 'attach', 'detach', 'take over', 'stall', 'unplug', 'kill'] as const
  const rounds = Math.max(14, Math.min(100, MEGABYTES))
  const done: string[] = []
  context.onFailure(() => `seed ${SEED}: ${done.join(', ')}`)
  for (let round = 0; round < rounds; round++) {
    const burstBytes = (MEGABYTES * 1_000_000) / rounds
    for (const end = target.sentBytes + burstBytes; target.sentBytes < end; ) await target.send(lines(random, 32_768))
    const action = names[round < names.length ? round : random(names.length)] ?? 'attach'
    done.push(action)
    await actions[action]()
  }
  await target.send(Buffer.from('the very last line\r\n'))

  const raw = await waitFor(
    'the end in the log',
    async () => {
      const { stdout } = await runProgram('ssh', [
        ...sshArgs(files, 'alice', 'core-sw1', 'log', '--raw', '--lines', '5'),
      ])
      return stdout.includes('the very last line')
        ? runProgram('sh', [
            '-c',
            `ssh ${sshArgs(files, 'alice', 'core-sw1', 'log', '--raw', '--since', '1d')
              .map(word => `'${word}'`)
              .join(' ')} | sha256sum`,
          ])
        : undefined
    },
    { timeoutMs: 60_000 },
  )
  await running.stop(10_000)
  await withinQuota()
  const hash = createHash('sha256')
  for await (const record of readRecords(directory, new ClockMarks(), 0, Number.MAX_SAFE_INTEGER)) {
    if (isOutput(record)) hash.update(bytesOf(record.text))
  }
  assert.is(raw.stdout.split(' ')[0], hash.digest('hex'), 'log --raw gives what the records have')

  const records = readRecords(directory, new ClockMarks(), 0, Number.MAX_SAFE_INTEGER)
  const found = await compareTranscript(records, target.sent, transcriptBytes > MEGABYTES * 4_000_000)
  const total = target.sentBytes
  process.stdout.write(`\n${describe(found, total)}; ${kills.length} kills\n`)
  assert.is(found.missing.at(-1)?.mark === 'end', false, 'the newest output is there')
  for (const { mark, from, bytes, isCounted } of found.missing) {
    if (mark === 'line closed') assert.ok(bytes <= ON_THE_WAY_BYTES, `${bytes} bytes were lost at an unplugging`)
    // A counted one is of a disk that was slower than the line; a kill leaves none with a count.
    if (mark !== 'gap missing' || isCounted) continue
    const kill = kills.find(({ sentBytes }) => sentBytes >= from)
    if (kill) assert.ok(from >= kill.safeBytes, `lost from ${from} on: ${kill.safeBytes} were safe at that kill`)
  }

  async function withinQuota(): Promise<void> {
    const sizes = await Promise.all(
      (await readdir(directory)).map(async name => (await stat(join(directory, name))).size),
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(bytes <= transcriptBytes, `${bytes} bytes of ${transcriptBytes}`)
  }
}

/** What it shows is not kept. */
function openSession(args: string[]): ChildProcess {
  const line = ['exec ssh', ...args].map((word, at) => (at === 0 ? word : `'${word}'`)).join(' ')
  const session = spawn('script', ['-qfec', line, '/dev/null'], { stdio: ['pipe', 'ignore', 'ignore'] })
  session.stdin.on('error', () => {})
  return session
}

function describe({ equal, missing }: Comparison, total: number): string {
  const parts = missing.map(({ mark, bytes }) => `${bytes} after ${mark}`)
  return `${equal} of ${total} bytes recorded and equal; missing: ${parts.join(', ') || 'none'}`
}

let count = 0

/** Lines of all kinds, each with a number of its own. */
function lines(random: (below: number) => number, bytes: number): Buffer {
  const parts: Buffer[] = []
  for (let left = bytes; left > 0; ) {
    const kind = random(20)
    const body =
      kind === 0
        ? Buffer.from(Array.from({ length: random(300) }, () => random(256)))
        : kind === 1
          ? Buffer.from(Array.from({ length: random(1_000) }, (_, at) => `${count}.${at} `).join(''))
          : Buffer.from(
              [
                '\x1b[1;31m%LINK-3-UPDOWN\x1b[0m',
                'grüße aus 東京 \\ C:\\x41',
                `interface GigabitEthernet0/${random(48)}`,
              ][kind % 3] ?? '',
            )
    const part = Buffer.concat([Buffer.from(`${++count} `), body, Buffer.from('\r\n')])
    parts.push(part)
    left -= part.length
  }
  return Buffer.concat(parts)
}

/** Numbers below a bound, always the same for a seed (Park and Miller). */
function generator(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1
  return below => {
    state = (state * 48_271) % 2_147_483_647
    return state % Math.max(1, below)
  }
}

test.run()
