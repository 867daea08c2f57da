/** A fleet file that is edited by the commands of `oobm-relay`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as assert from 'uvu/assert'
import { UserError } from '../../runtime/errors.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../tools/suite.ts'
import { parseFleet } from '../fleet/fleet-config.ts'
import type { BareInput } from '../operator/command.ts'
import { COMMANDS, COMMON } from '../operator/commands/all-commands.ts'
import { readFleetText } from '../operator/fleet-file.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

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
  const run = async ([name = '', ...args]: string[]) => {
    const command = COMMANDS[name]
    if (!command?.runBare && !command?.run) throw new Error(`no command "${name}"`)
    const { values, positionals } = parseArgs({
      args,
      options: { ...COMMON, ...command.options },
      allowPositionals: true,
    })
    const said: string[] = []
    const files = { fleet: String(values.fleet ?? file), secrets: join(folder, 'secrets'), rendered: join(folder, 'r') }
    const input = {
      files,
      positionals,
      values: values as BareInput['values'],
      print: (line: string) => said.push(line),
      signal: context.signal,
    } as unknown as BareInput
    try {
      const code = command.runBare
        ? await command.runBare(input)
        : await command.run({ ...input, fleet: parseFleet(file, await readFleetText(file)) })
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
    runProgram(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      env: { OOBM_FLEET: file },
      timeoutMs: 60_000,
      input,
    })
  return { folder, file, run, must, start, text: () => readFile(file, 'utf8') }
}
