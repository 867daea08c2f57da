/** `make faults`: one fault after the other against the shipped programs, and what they make of it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errorMessage } from '../../runtime/errors.ts'
import { withDisposal } from './disposal.ts'
import { describeRows, describeRun, type Result } from './report.ts'
import type { Row } from './row.ts'
import { ALL_ROWS } from './rows/all-rows.ts'
import { runRow } from './run-row.ts'

const RESULTS = join(import.meta.dirname, '../../build/faults')

const { values } = parseArgs({
  options: {
    row: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '4' },
    peer: { type: 'string', default: '' },
    full: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const rows = rowsOf(values.row)
  const [runs, jobs] = [Number(values.runs), Number(values.jobs)]
  if (rows.length === 0)
    return usage(`no row is called "${values.row}"; rows: ${ALL_ROWS.map(({ name }) => name).join(' ')}`)
  if (!(runs >= 1) || !(jobs >= 1)) return usage('RUNS and JOBS are numbers from 1')
  if (values.peer !== '' && values.peer !== 'autossh') return usage(`PEER=${values.peer}: the peer is autossh`)
  if (process.getuid?.() !== 0) return usage('network namespaces need root: sudo make faults')
  await mkdir(join(RESULTS, 'logs'), { recursive: true })

  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  const queue = Array.from({ length: runs }, (_, run) => rows.map(row => ({ row, run }))).flat()
  const results: Result[] = []
  const worker = async () => {
    for (let next = queue.shift(); next && !stopping.signal.aborted; next = queue.shift()) {
      const result = await runOnce(next.row, next.run, stopping.signal)
      results.push(result)
      process.stdout.write(`${describeRun(result)}\n`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, worker))
  await writeFile(join(RESULTS, 'results.json'), JSON.stringify(results, null, 1))
  process.stdout.write(`\n${describeRows(results)}\n`)
  if (stopping.signal.aborted) return 130
  return results.some(({ missed }) => missed.length > 0) ? 1 : 0
}

async function runOnce(row: Row, run: number, signal: AbortSignal): Promise<Result> {
  const logFile = join(RESULTS, 'logs', `${row.name}-${run + 1}.log`)
  const about = { row: row.name, title: row.title, theme: row.theme, run, full: values.full }
  try {
    return await withDisposal(async undo => {
      const options = { run, peer: values.peer === 'autossh', full: values.full, signal, logFile }
      const { ours, peer, missed, seen } = await runRow(undo, row, options)
      await writeFile(join(RESULTS, `${row.name}-${run + 1}.json`), JSON.stringify(seen, null, 1))
      return { ...about, ours, ...(peer ? { peer } : {}), figures: seen.figures, missed }
    })
  } catch (err) {
    return { ...about, figures: {}, missed: [`not run to its end: ${errorMessage(err)}`] }
  }
}

/** @param wanted names or parts of names, with commas; `ci` for the cheap rows; everything when it is empty */
function rowsOf(wanted: string): Row[] {
  if (wanted === 'ci') return ALL_ROWS.filter(({ ci }) => ci)
  const parts = wanted.split(',')
  const exact = ALL_ROWS.filter(({ name }) => parts.includes(name))
  return exact.length > 0 ? exact : ALL_ROWS.filter(({ name }) => parts.some(part => name.includes(part)))
}

function usage(message: string): number {
  process.stderr.write(`${message}\n`)
  return 64
}
