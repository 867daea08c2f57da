/** How long each program takes until it is of use. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bridgeFiles } from '../../console-bridge/testing/bridge-fixture.ts'
import { programCommand } from '../../runtime/program-command.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { median, table } from './figures.ts'

const BUILD = join(import.meta.dirname, '../../build/lib')
const STARTS = 15
/** The one that has the most to do before it says anything. */
const LIMIT_MS = 60_000

interface Start {
  name: string
  command: string[]
  env?: NodeJS.ProcessEnv
  /** What it prints when it is of use; without it, when it has ended. */
  until?: RegExp
}

export async function starts(context: TestContext): Promise<string> {
  const programs = await listStarts(context)
  const samples = new Map(programs.map(({ name }) => [name, [] as number[]]))
  // In turn, so that the load of the machine is the same for all.
  for (let i = 0; i < STARTS; i++)
    for (const program of programs) samples.get(program.name)?.push(await startMs(program))
  const rows = programs.map(({ name }) => [name, median(samples.get(name) ?? []).toFixed(0)])
  return table([['', 'median'], ...rows])
}

async function listStarts(context: TestContext): Promise<Start[]> {
  const folder = await scratchDirectory(context)
  for (const name of ['run', 'state']) await mkdir(join(folder, name))
  const env = {
    OOBM_CONFIG: join(folder, 'device.toml'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
    STATE_DIRECTORY: join(folder, 'state'),
  }
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: join(folder, 'no-adapter') }])
  return [
    { name: 'node alone', command: [process.execPath, '-e', '0'] },
    {
      name: 'oobm-supervisor, until its status is there',
      command: programCommand(process.execPath, BUILD, 'oobm-supervisor'),
      env,
      until: /"msg":"status"/,
    },
    {
      name: 'oobm-console, until it listens',
      command: programCommand(process.execPath, BUILD, 'oobm-console'),
      env: files.env,
      until: /"msg":"listening"/,
    },
    { name: 'oobm status', command: [...programCommand(process.execPath, BUILD, 'oobm'), 'status'], env },
    { name: 'oobm-relay --version', command: [...programCommand(process.execPath, BUILD, 'oobm-relay'), '--version'] },
  ]
}

async function startMs({ command: [program = '', ...args], env = {}, until }: Start): Promise<number> {
  const startedMs = performance.now()
  if (!until) {
    await runProgram(program, args, { env })
    return performance.now() - startedMs
  }
  const started = startProgram(program, args, { env })
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (until.test(started.output())) resolve()
      }
      started.child.stdout?.on('data', look)
      started.child.stderr?.on('data', look)
      started.child.once('exit', () => reject(new Error(`${program} ended: ${started.output()}`)))
      setTimeout(() => reject(new Error(`${program} says nothing: ${started.output()}`)), LIMIT_MS).unref()
    })
    return performance.now() - startedMs
  } finally {
    await started.stop()
  }
}
