/** What serial lines cost: processor time for what they say, and wakeups while they say nothing. */
import type { TestContext } from '../../testbed/suite.ts'
import { withUndo } from '../../testbed/undo.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { type FedPtys, fedPtys } from './fed-ptys.ts'
import { table } from './figures.ts'
import { usedDuring } from './processes.ts'

const LINES = 16
/** Bytes in all, at full rate; seconds, at the pace of a line. */
const BURST_BYTES = 8_000_000
const ONE_S = 10
const ALL_S = 4
const IDLE_S = 20
/** After a start: what runs once is over. */
const REST_MS = 8_000

export async function cpu(context: TestContext): Promise<string> {
  const ptys = await fedPtys(context, LINES)
  const rows = await forEach(context, ptys, async contender => {
    const figures: number[] = []
    for (const lines of [1, LINES]) {
      figures.push(await secondsAMegabyte(contender, lines, () => ptys.burst(lines, BURST_BYTES / lines)))
      figures.push(await secondsAMegabyte(contender, lines, () => ptys.feed(lines, lines === 1 ? ONE_S : ALL_S)))
    }
    return figures
  })
  const [ours = [], alerting = [], ser2net = []] = rows.map(({ figures }) => figures)
  const ratio = (name: string, a: number[], b: number[]) => [
    name,
    ...a.map((value, index) => `${(value / (b[index] ?? 0)).toFixed(2)}x`),
  ]
  return table([
    ['', '1 line', 'at 115200', `${LINES} lines`, 'at 115200'],
    ...rows.map(({ name, figures }) => [name, ...figures.map(value => value.toFixed(3))]),
    ratio('oobm-console to ser2net', ours, ser2net),
    ratio('with alerts to without', alerting, ours),
  ])
}

export async function idle(context: TestContext): Promise<string> {
  const ptys = await fedPtys(context, LINES)
  const rows = await forEach(context, ptys, async contender => {
    await pause(REST_MS)
    const { switches, cpuS } = await usedDuring(contender.pids, () => pause(IDLE_S * 1000))
    return [switches / IDLE_S, (cpuS / IDLE_S) * 1000]
  })
  return table([
    ['', 'switches a second', 'ms of processor a second'],
    ...rows.map(({ name, figures: [switches = 0, cpuMs = 0] }) => [name, switches.toFixed(1), cpuMs.toFixed(2)]),
  ])
}

/** One contender after the other: a line has one reader. */
async function forEach(context: TestContext, ptys: FedPtys, measure: (contender: Contender) => Promise<number[]>) {
  const rows: { name: string; figures: number[] }[] = []
  for (const { name, does, start } of CONTENDERS) {
    context.signal.throwIfAborted()
    await withUndo(async own => {
      rows.push({ name: `${name} (${does})`, figures: await measure(await start(own, ptys.paths)) })
    })
  }
  return rows
}

/** @param talk makes the lines talk, and resolves with what they said, in bytes */
async function secondsAMegabyte(contender: Contender, lines: number, talk: () => Promise<number>): Promise<number> {
  const watch = await contender.watch(lines)
  let said = 0
  try {
    const { cpuS } = await usedDuring(contender.pids, async () => {
      said = await talk()
      await waitFor(`${said} bytes from ${lines} lines`, () => watch.bytes() >= said)
    })
    return cpuS / (said / 1e6)
  } finally {
    watch.end()
    await pause(500)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
