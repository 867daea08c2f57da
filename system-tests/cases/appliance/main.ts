/** `make appliance-test`: starts the appliance in QEMU through everything that a card meets in the field, and prints what came of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errorMessage } from '../../../runtime/errors.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { type Case, makeBench } from './bench.ts'
import { DATA_CASES } from './data.ts'
import type { Machine } from './machine.ts'
import { powerCutCase } from './power-cuts.ts'
import { UPGRADE_CASES } from './upgrades.ts'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    cache: { type: 'string', default: 'build/appliance' },
  },
})
const work = mkdtempSync(join(tmpdir(), 'oobm-appliance-'))
const machines = new Set<Machine>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130))
await end(await main())

async function main(): Promise<number> {
  const cases = [...DATA_CASES, ...UPGRADE_CASES, powerCutCase(Number(values.cuts))]
  const chosen = cases.filter(({ name }) => name.includes(values.only))
  if (chosen.length === 0) {
    process.stderr.write(`no case is called so; there are:\n${cases.map(({ name }) => `  ${name}\n`).join('')}`)
    return 64
  }
  const tree = await runProgram('system-tests/cases/appliance/make-tree', [values.cache], { timeoutMs: 1_200_000 })
  if (tree.code !== 0) {
    process.stderr.write(`make-tree: exit ${tree.code}\n${tree.stdout}${tree.stderr}`)
    return 1
  }
  let failed = 0
  for (const one of chosen) failed += (await passes(one)) ? 0 : 1
  return failed > 0 ? 1 : 0
}

async function passes({ name, run }: Case): Promise<boolean> {
  const folder = mkdtempSync(join(work, 'case-'))
  const startedMs = Date.now()
  const took = () => `${Math.round((Date.now() - startedMs) / 1000)} s`
  try {
    const note = await run(makeBench(folder, values.cache, machines))
    process.stdout.write(`ok   ${name}${note === undefined ? '' : ` (${note})`}, ${took()}\n`)
    return true
  } catch (err) {
    process.stdout.write(`FAIL ${name}, ${took()}\n${errorMessage(err)}\n`)
    return false
  } finally {
    await pullPlugs()
    rmSync(folder, { recursive: true })
  }
}

async function pullPlugs(): Promise<void> {
  for (const machine of machines) await machine.pullPlug()
  machines.clear()
}

async function end(code: number): Promise<never> {
  await pullPlugs()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}
