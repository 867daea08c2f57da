/** `make faults`: one fault after the other against the shipped programs, and what they make of it. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errorMessage } from '../../../runtime/errors.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { withDisposal } from '../../disposal.ts'
import { renderReliability } from './reliability-page.ts'
import { byRow, describeRows, describeRun, type Result } from './report.ts'
import type { Row } from './row.ts'
import { ALL_ROWS } from './rows/all-rows.ts'
import { runRow } from './run-row.ts'

const RESULTS = join(import.meta.dirname, '../../../build/faults')
const PAGE = join(import.meta.dirname, '../../../docs/reliability.md')

const { values } = parseArgs({
  options: {
    row: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '4' },
    peer: { type: 'string', default: '' },
    full: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const rows = rowsOf(values.row).filter(({ fullOnly }) => values.full || !fullOnly)
  const [runs, jobs] = [Number(values.runs), Number(values.jobs)]
  if (rows.length === 0)
    return usage(`no row is called "${values.row}"; rows: ${ALL_ROWS.map(({ name }) => name).join(' ')}`)
  if (!(runs >= 1) || !(jobs >= 1)) return usage('RUNS and JOBS are numbers from 1')
  if (values.peer !== '' && values.peer !== 'autossh') return usage(`PEER=${values.peer}: the peer is autossh`)
  if (process.getuid?.() !== 0) return usage('network namespaces need root: sudo make faults')
  for (const folder of ['logs', 'runs', 'seen']) await mkdir(join(RESULTS, folder), { recursive: true })

  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  const queue = Array.from({ length: runs }, (_, run) => rows.map(row => ({ row, run }))).flat()
  const results: Result[] = []
  const worker = async () => {
    for (let next = queue.shift(); next && !stopping.signal.aborted; next = queue.shift()) {
      const file = join(RESULTS, 'runs', `${next.row.name}-${next.run + 1}.json`)
      await rm(file, { force: true })
      const result = await runOnce(next.row, next.run, stopping.signal)
      if (!stopping.signal.aborted) await writeFile(file, JSON.stringify(result, null, 1))
      results.push(result)
      process.stdout.write(`${describeRun(result)}\n`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, worker))
  const outcome = byRow(inOrder(results))
  process.stdout.write(`\n${describeRows(outcome)}\n`)
  if (stopping.signal.aborted) return 130
  if (values.doc) await writePage()
  return outcome.some(({ missed }) => missed.length > 0) ? 1 : 0
}

/** Of all runs that are there, also of earlier calls for other rows. */
async function writePage(): Promise<void> {
  const files = (await readdir(join(RESULTS, 'runs'))).filter(name => name.endsWith('.json'))
  const texts = await Promise.all(files.map(name => readFile(join(RESULTS, 'runs', name), 'utf8')))
  const { stderr } = await runProgram('ssh', ['-V'])
  const machine = {
    cores: cpus().length,
    kernel: release().split('.').slice(0, 2).join('.'),
    node: process.versions.node,
    ssh: stderr.split(',')[0] ?? '',
  }
  const rows = byRow(inOrder(texts.map(text => entitled(JSON.parse(text) as Result))))
  const command = `make faults${values.peer ? ` PEER=${values.peer}` : ''} RUNS=${values.runs}${values.full ? ' FULL=1' : ''} DOC=1`
  await writeFile(PAGE, renderReliability(rows, machine, command))
  process.stdout.write(`written: ${PAGE}\n`)
}

/** A fault that was shorter than its name says is called so. */
function entitled(result: Result): Result {
  const row = ALL_ROWS.find(({ name }) => name === result.row)
  const { title = result.title, quickS } = row ?? {}
  return { ...result, title: result.full || quickS === undefined ? title : `${title} (here ${quickS} s)` }
}

function inOrder(results: readonly Result[]): Result[] {
  const place = ({ row }: Result) => ALL_ROWS.findIndex(({ name }) => name === row)
  return results.filter(result => place(result) >= 0).toSorted((a, b) => place(a) - place(b) || a.run - b.run)
}

async function runOnce(row: Row, run: number, signal: AbortSignal): Promise<Result> {
  const logFile = join(RESULTS, 'logs', `${row.name}-${run + 1}.log`)
  const about = { row: row.name, title: row.title, theme: row.theme, run, full: values.full }
  try {
    return await withDisposal(async undo => {
      const options = { run, peer: values.peer === 'autossh', full: values.full, signal, logFile }
      const { ours, peer, missed, seen } = await runRow(undo, row, options)
      await writeFile(join(RESULTS, 'seen', `${row.name}-${run + 1}.json`), JSON.stringify(seen, null, 1))
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
  const exact = parts.filter(part => ALL_ROWS.some(({ name }) => name === part))
  const isMeant = ({ name }: Row) => parts.some(part => (exact.includes(part) ? name === part : name.includes(part)))
  return ALL_ROWS.filter(isMeant)
}

function usage(message: string): number {
  process.stderr.write(`${message}\n`)
  return 64
}
