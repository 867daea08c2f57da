/** A fleet file that is edited by the commands of `oobm-relay`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runCommandLine } from '../../cli/read-command-line.ts'
import { UserError } from '../../runtime/errors.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { PROGRAM } from '../operator/commands/all-commands.ts'

export interface FleetEditor {
  readonly folder: string
  /** The fleet file. */
  readonly file: string
  text(): Promise<string>
  /** Within this process: starting the program some fifty times would take longer than all the rest. */
  run(args: string[]): Promise<{ code: number; said: string }>
  /** The same for what must succeed; what it said. */
  must(args: string[]): Promise<string>
  /** As people do. */
  start(args: string[], input?: string): Promise<Finished>
}

/** An operator’s folder without a fleet file. */
export async function fleetEditor(context: TestContext): Promise<FleetEditor> {
  const folder = await scratchDirectory(context)
  const file = join(folder, 'fleet.toml')
  const run = async (args: string[]) => {
    const said: string[] = []
    const print = (line: string) => void said.push(line)
    try {
      const code = await runCommandLine(PROGRAM, args, print, ({ command, values, positionals }) => {
        const fleet = String(values.fleet ?? file)
        const files = { fleet, secrets: join(folder, 'secrets'), rendered: join(folder, 'r') }
        return command.run({ files, positionals, values, print, signal: context.signal })
      })
      return { code, said: said.map(line => `${line}\n`).join('') }
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      return { code: err.exitCode, said: [...said, err.message].map(line => `${line}\n`).join('') }
    }
  }
  const must = async (args: string[]) => {
    const { code, said } = await run(args)
    assert.is(code, 0, `${args.join(' ')}: ${said}`)
    return said
  }
  const start = (args: string[], input = '') =>
    runProgram(process.execPath, [...programArgs('relay-config/main.ts'), ...args], {
      env: { OOBM_FLEET: file },
      timeoutMs: 60_000,
      input,
    })
  return { folder, file, run, must, start, text: () => readFile(file, 'utf8') }
}
