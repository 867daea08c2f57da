/** `faults`: one fault after the other against the shipped programs, in network namespaces. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { errorMessage } from '../../../runtime/errors.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Case, Steps, Subject } from '../../case.ts'
import type { Options } from '../../options.ts'
import { keptLines, renderReliability } from './reliability-page.ts'
import { byRow, describeRows, describeRun, type Result, type RowResult, slowerThanPeer } from './report.ts'
import type { Row } from './row.ts'
import { ALL_ROWS } from './rows/all-rows.ts'
import { runRow } from './run-row.ts'

const RESULTS = join(import.meta.dirname, '../../../build/system-tests/netns')
const PAGE = join(import.meta.dirname, '../../../docs/reliability.md')

export interface Stage {
  options: Options
  results: Result[]
}

export const FAULTS: Subject<Stage> = {
  name: 'faults',
  about: 'what breaks the network, the relay and the device, one after the other, and how it heals',
  on: ['netns'],
  sideBySide: true,
  cases: ({ full }) =>
    ALL_ROWS.filter(({ fullOnly }) => full || !fullOnly).map(
      (row): Case<Stage> => ({
        name: row.name,
        ...(row.ci ? { ci: row.ci } : {}),
        run: (stage, steps) => runCase(row, stage, steps),
      }),
    ),
  setUp: async ({ options }) => {
    for (const folder of ['runs', 'seen']) await mkdir(join(RESULTS, folder), { recursive: true })
    return { options, results: [] }
  },
  finish: async ({ options, results }, { note, failed }) => {
    const rows = byRow(inOrder(results))
    note(`\n${describeRows(rows)}`)
    for (const { name, runs } of rows) {
      for (const missed of slowerThanPeer(runs)) failed(name, missed)
    }
    if (options.doc) await writePage(options)
  },
}

async function runCase(row: Row, { options, results }: Stage, steps: Steps): Promise<string> {
  const name = `${row.name}-${steps.run + 1}.json`
  const file = join(RESULTS, 'runs', name)
  await rm(file, { force: true })
  const about = { row: row.name, title: row.title, theme: row.theme, run: steps.run, full: options.full }
  const result: Result = await runRow(steps, row, {
    ...{ run: steps.run, peer: options.peer, full: options.full, signal: steps.signal },
    logFile: join(steps.folder, 'log'),
  }).then(
    async ({ ours, peer, missed, seen }) => {
      await writeFile(join(RESULTS, 'seen', name), JSON.stringify(seen, null, 1))
      return { ...about, ours, ...(peer ? { peer } : {}), figures: seen.figures, missed }
    },
    err => ({ ...about, figures: {}, missed: [`not run to its end: ${errorMessage(err)}`] }),
  )
  results.push(result)
  if (!steps.signal.aborted) await writeFile(file, JSON.stringify(result, null, 1))
  if (result.missed.length > 0) throw new Error(describeRun(result))
  return describeRun(result)
}

/** Of all runs that are there, also of earlier calls for other rows; the page keeps what it has of rows without any. */
async function writePage(options: Options): Promise<void> {
  const files = (await readdir(join(RESULTS, 'runs'))).filter(name => name.endsWith('.json'))
  const texts = await Promise.all(files.map(name => readFile(join(RESULTS, 'runs', name), 'utf8')))
  const { stderr } = await runProgram('ssh', ['-V'])
  const machine = {
    cores: cpus().length,
    kernel: release().split('.').slice(0, 2).join('.'),
    node: process.versions.node,
    ssh: stderr.split(',')[0] ?? '',
  }
  const measured = byRow(inOrder(texts.map(text => entitled(JSON.parse(text) as Result))))
  const page = await readFile(PAGE, 'utf8').catch(() => '')
  const rows = ALL_ROWS.flatMap(({ name, title, theme }): RowResult[] => {
    const found = measured.find(row => row.name === name)
    if (found) return [found]
    const kept = keptLines(page, title)
    return kept ? [{ name, title, theme, kept, runs: [], missed: [] }] : []
  })
  const command = `make faults${options.peer ? ' PEER=autossh' : ''} RUNS=${options.runs}${options.full ? ' FULL=1' : ''} DOC=1`
  await writeFile(PAGE, renderReliability(rows, machine, command))
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
