/**
 * Changes a folder's code a little, many times, and says which changes no test notices: `make mutants FOLDER=supervisor/proof`.
 * Each is tried in a copy of the tree, by the tests that stand beside the code and those that nearest.ts names.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { runTestFiles } from '../run-test-files.ts'
import { apply, describe, type Mutant, sample } from './mutant.ts'
import { mutateLines, mutateShell } from './mutate-shell.ts'
import { mutateTypescript } from './mutate-typescript.ts'
import { NEAREST } from './nearest.ts'

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    /** Only those whose description has this. */
    only: { type: 'string', default: '' },
  },
})
const folder = values.folder?.replace(/\/$/, '') ?? ''
/** A test that takes this many times as long as without a change, and some seconds, hangs. */
const [TIMES, SECONDS_MORE] = [3, 10]
/** Minutes each: they kill a program after each of its steps. */
const TOO_SLOW = /-killed/

interface Tried {
  mutant: Mutant
  what: string
  /** The test file that failed, and how; undefined when none did. */
  killer: string | undefined
}

// One failure is enough.
process.env.OOBM_TEST_BAIL = '1'
// And one of the shells that /bin/sh may be.
process.env.OOBM_TEST_SHELL = 'dash'
const texts = new Map<string, string>()
process.exitCode = await main()

async function main(): Promise<number> {
  const sources = filesIn(folder).filter(file => !/test\.ts$|\.d\.ts$|\/testing\//.test(file))
  const all = [
    ...mutateTypescript(sources.filter(file => file.endsWith('.ts'))),
    ...sources
      .filter(file => !file.endsWith('.ts'))
      .flatMap(file => (isScript(file) ? mutateShell(file) : mutateLines(file))),
  ]
  const chosen = sample(
    all.filter(mutant => name(mutant).includes(values.only)),
    Number(values.count),
    Number(values.seed),
  )
  const tests = new Set(chosen.flatMap(({ file }) => testsOf(file)))
  const trees = Array.from({ length: Number(values.jobs) }, copyTree)
  try {
    const [first] = trees
    if (first === undefined || tests.size === 0) throw new Error(`${folder} has no tests`)
    const times = new Map<string, number>()
    for (const test of tests) {
      const startedMs = Date.now()
      const fault = await failureOf(test, first, 300_000)
      // Its failures would say nothing.
      if (fault !== undefined) process.stdout.write(`NOT USED ${test} fails without any change: ${fault}\n`)
      else times.set(test, Date.now() - startedMs)
    }
    const tried: Tried[] = []
    const queue = [...chosen]
    // Told to end, it says how far it came.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => queue.splice(0))
    const work = async (tree: string) => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
        tried.push({ mutant, what: name(mutant), killer: await killerOf(mutant, tree, times) })
        print(tried)
      }
    }
    await Promise.all(trees.map(work))
    return report(tried, all.length)
  } finally {
    for (const tree of trees) rmSync(tree, { recursive: true, force: true })
  }
}

/** As it was when it was first read: somebody may work on it meanwhile. */
function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(file, 'utf8')
  texts.set(file, text)
  return text
}

function name(mutant: Mutant): string {
  return describe(textOf(mutant.file), mutant)
}

function isScript(file: string): boolean {
  return readFileSync(file, 'utf8').startsWith('#!/bin/sh')
}

function filesIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(path, entry.name))
    .sort()
}

/** Units before those that start real programs, and both before those of another folder. */
function testsOf(file: string): string[] {
  const named = NEAREST[file]
  if (named !== undefined) return [...named]
  const own = filesIn(folder).filter(each => /\.i?test\.ts$/.test(each) && !TOO_SLOW.test(each))
  const [units, others] = [/\.test\.ts$/, /\.itest\.ts$/].map(ending => own.filter(each => ending.test(each)))
  return [...(units ?? []), ...(others ?? []), ...(NEAREST[folder] ?? [])]
}

/** What git knows, as it is in the working tree; packages and what was built are the same for all. */
function copyTree(): string {
  const tree = mkdtempSync('/tmp/oobm-mutants-')
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
  for (const file of stdout.split('\0').filter(file => file !== '')) {
    mkdirSync(join(tree, dirname(file)), { recursive: true })
    cpSync(file, join(tree, file), { verbatimSymlinks: true })
  }
  for (const shared of ['node_modules', 'build']) symlinkSync(join(process.cwd(), shared), join(tree, shared))
  return tree
}

async function killerOf(mutant: Mutant, tree: string, times: Map<string, number>): Promise<string | undefined> {
  const text = textOf(mutant.file)
  const path = join(tree, mutant.file)
  writeFileSync(path, apply(text, mutant))
  try {
    // The test of the changed file first.
    const beside = basename(mutant.file).replace(/\.ts$/, '.')
    const tests = testsOf(mutant.file)
      .filter(test => times.has(test))
      .sort((a, b) => Number(basename(b).startsWith(beside)) - Number(basename(a).startsWith(beside)))
    for (const test of tests) {
      const fault = await failureOf(test, tree, (times.get(test) ?? 0) * TIMES + SECONDS_MORE * 1000)
      if (fault !== undefined) return `${test}: ${fault}`
    }
    return undefined
  } finally {
    writeFileSync(path, text)
  }
}

/** Runs it in the tree; undefined when it passes. */
async function failureOf(test: string, tree: string, limitMs: number): Promise<string | undefined> {
  for await (const { report, fault, output } of runTestFiles([test], { scratch: tree, limitMs, cwd: tree })) {
    if (fault !== undefined || report?.failed !== 0) return /^FAIL "(.*)"$/m.exec(output)?.[1] ?? fault
  }
  return undefined
}

function reasons(): Map<string, string> {
  const lines = readFileSync(join(import.meta.dirname, 'equivalent.txt'), 'utf8').split('\n')
  return new Map(lines.filter(line => !/^(#|$)/.test(line)).map(line => line.split(' # ') as [string, string]))
}

function print(tried: Tried[]): void {
  const { mutant, what, killer } = tried.at(-1) as Tried
  const place = what.replace(mutant.file, `${mutant.file}:${mutant.line}`)
  process.stdout.write(
    `${killer === undefined ? 'SURVIVED' : 'killed  '} ${place}${killer ? `   by ${killer.slice(0, 160)}` : ''}\n`,
  )
}

function report(tried: Tried[], possible: number): number {
  const known = reasons()
  const survivors = tried.filter(({ killer }) => killer === undefined)
  const equal = survivors.filter(({ what }) => known.has(what))
  const killed = tried.length - survivors.length
  const counted = tried.length - equal.length
  for (const { what } of survivors)
    process.stdout.write(`survivor: ${what}${known.has(what) ? ` # ${known.get(what)}` : ''}\n`)
  process.stdout.write(
    `${folder}: ${killed} of ${counted} killed (${((100 * killed) / Math.max(counted, 1)).toFixed(0)} %), ${equal.length} change nothing; sample ${tried.length} of ${possible}, seed ${values.seed}\n`,
  )
  return 0
}
