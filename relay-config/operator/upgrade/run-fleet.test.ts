import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import type { Outcome } from './outcome.ts'
import { Progress } from './progress.ts'
import { runFleet } from './run-fleet.ts'

const test = suite('an upgrade of a fleet')
type Ready = { kind: 'prepared' }

/** Devices whose preparation or installation ends when the test says so. */
function fleet(
  devices: readonly string[],
  options: { batch: number; untilTime?: Promise<void>; signal?: AbortSignal },
) {
  const ends = new Map<string, (outcome: Outcome | Ready) => void>()
  const log: string[] = []
  const started = (what: string, device: string) => {
    log.push(`${what} ${device}`)
    return new Promise<Outcome | Ready>(resolve => ends.set(device, resolve))
  }
  const all = runFleet<Ready>({
    ...{ devices, preparesMax: 3, untilTime: Promise.resolve(), signal: new AbortController().signal, ...options },
    isPrepared: (result): result is Ready => result.kind === 'prepared',
    prepare: device => started('prepare', device),
    install: async device => (await started('install', device)) as Outcome,
    onOutcome: (device, { kind }) => log.push(`${device}: ${kind}`),
  })
  const turn = () => new Promise(resolve => setImmediate(resolve))
  return {
    all,
    /** What happened since the last look. */
    seen: async () => {
      await turn()
      return log.splice(0)
    },
    end: async (kind: Outcome['kind'] | 'prepared', ...names: string[]) => {
      for (const name of names) ends.get(name)?.(kind === 'prepared' ? { kind } : { kind, detail: '' })
      await turn()
    },
  }
}

test('upgrades the first alone, then so many at a time, in the order in which they are ready', async () => {
  const { all, seen, end } = fleet(['a', 'b', 'c', 'd'], { batch: 2 })
  assert.equal(await seen(), ['prepare a', 'prepare b', 'prepare c'])
  await end('prepared', 'b', 'a', 'c')
  assert.equal(await seen(), ['prepare d', 'install b'])
  await end('done', 'b')
  assert.equal(await seen(), ['install a', 'install c', 'b: done'])
  await end('prepared', 'd')
  assert.equal(await seen(), [])
  await end('done', 'a')
  assert.equal(await seen(), ['install d', 'a: done'])
  await end('done', 'c', 'd')
  assert.equal([...(await all).keys()], ['a', 'b', 'c', 'd'])
})

test('starts no further device after a failure; who is being upgraded comes to an end', async () => {
  const { all, seen, end } = fleet(['a', 'b', 'c', 'd', 'e'], { batch: 2 })
  await seen()
  await end('prepared', 'a', 'b', 'c')
  await end('done', 'a')
  await seen()
  await end('failed', 'b')
  await end('prepared', 'd')
  assert.equal(await seen(), ['b: failed', 'd: not tried'])
  await end('done', 'c')
  await end('prepared', 'e')
  const kinds = [...(await all).values()].map(({ kind }) => kind)
  assert.equal(kinds, ['done', 'failed', 'done', 'not tried', 'not tried'])
})

test('a device that is not reached or refuses keeps nobody from being upgraded, and proves nothing', async () => {
  const { seen, end } = fleet(['a', 'b', 'c'], { batch: 2 })
  await seen()
  await end('unreachable', 'a')
  await end('prepared', 'b', 'c')
  await seen()
  await end('refused', 'b')
  assert.equal(await seen(), ['install c', 'b: refused'])
  await end('done', 'c')
})

test('sends at once, and installs from the time on; an interruption before then installs nothing', async () => {
  const over = new AbortController()
  let isTime = () => {}
  const untilTime = new Promise<void>(resolve => {
    isTime = resolve
  })
  const { all, seen, end } = fleet(['a', 'b'], { batch: 2, untilTime, signal: over.signal })
  assert.equal(await seen(), ['prepare a', 'prepare b'])
  await end('prepared', 'a')
  assert.equal(await seen(), [])
  over.abort()
  isTime()
  await end('prepared', 'b')
  assert.equal(await seen(), ['a: not tried', 'b: not tried'])
  assert.is((await all).size, 2)
})

test('where no person watches, a line for each step, and for a file one at each tenth', () => {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  const nowMs = 0
  const clock = { wallMs: () => nowMs, nowMs: () => nowMs, sleep: async () => {} }
  const progress = new Progress({ total: 2, clock, write })
  progress.step('a', 'asks it')
  for (const part of [0, 0.01, 0.05, 0.11, 0.19, 0.2, 0.22, 1]) progress.step('a', 'uploads', part)
  progress.ready('a')
  progress.end('a', { kind: 'done', detail: 'oobm-device 2' })
  const said = text
    .trim()
    .split('\n')
    .map(line => line.replace(/^\S+ /, ''))
  assert.equal(said, [
    'a: asks it',
    'a: uploads 0 %',
    'a: uploads 11 %',
    'a: uploads 22 %',
    'a: uploads 100 %',
    'a: ready',
    'a: DONE: oobm-device 2',
  ])
})

test('on a terminal, the devices in work below what ended, each line no wider than it', async () => {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  const over = new AbortController()
  const clock = {
    ...{ wallMs: () => 0, nowMs: () => 65_000 },
    sleep: async () => over.abort(),
  }
  const progress = new Progress({ total: 9, clock, write, columns: () => 30 })
  progress.note('installs from 02:00 on, which is long')
  for (let count = 0; count < 18; count++) progress.step(`device-${count}`, 'uploads', 0.5)
  await progress.draw(over.signal)
  const lines = text.split('\n')
  assert.is(lines[0], '  device-0: uploads 50 % (0 s)'.slice(0, 29))
  assert.is(lines[16], '  and 2 more')
  assert.match(lines[17] ?? '', /^0 of 9 ended; installs from/)
  // Where it began, and nothing of it left.
  assert.ok(text.endsWith('\x1b[17A\r\x1b[J'))
})

test.run()
