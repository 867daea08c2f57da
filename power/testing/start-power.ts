/** `oobm-power` as a process without systemd, with a configuration of its outlets. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askPower } from '../../formats/ask-power.ts'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import type { PowerOutcome, PowerRequest } from '../../formats/power-protocol.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'

type Outlets = NonNullable<DeviceConfigInput['outlets']>

export interface PowerFiles {
  directory: string
  socket: string
  env: NodeJS.ProcessEnv
}

/** @param secrets by outlet */
export async function powerFiles(
  context: TestContext,
  outlets: Outlets,
  secrets: Record<string, string> = {},
): Promise<PowerFiles> {
  const directory = await scratchDirectory(context)
  const { publicKey } = await makeKey(directory, 'key')
  const config: DeviceConfigInput = {
    version: 1,
    device: 'rack1',
    relays: [{ host: '127.0.0.1', user: 'relay', hostKeys: [publicKey] }],
    listenerPort: 20100,
    bridge: { hostKey: publicKey },
    outlets,
  }
  await writeFile(join(directory, 'device.toml'), stringifyToml(config))
  await mkdir(join(directory, 'programs'), { mode: 0o755 })
  for (const [outlet, secret] of Object.entries(secrets)) await writeFile(join(directory, `power_${outlet}`), secret)
  const socket = join(directory, 'socket')
  const env = {
    OOBM_CONFIG: join(directory, 'device.toml'),
    STATE_DIRECTORY: join(directory, 'state'),
    CREDENTIALS_DIRECTORY: directory,
    OOBM_POWER_SOCKET: socket,
    OOBM_POWER_PROGRAMS: join(directory, 'programs'),
  }
  return { directory, socket, env }
}

export async function startPower(context: TestContext, { env }: Pick<PowerFiles, 'env'>): Promise<Program> {
  const program = startProgram(process.execPath, programArgs('power/main.ts'), { env })
  context.cleanup(() => program.stop(10_000))
  context.onFailure(() => `oobm-power:\n${program.output()}`)
  await program.says(/"msg":"listening"/, 60_000)
  return program
}

export interface Asked extends PowerOutcome {
  steps: string[]
}

export async function ask(
  { socket }: Pick<PowerFiles, 'socket'>,
  action: PowerRequest['action'],
  outlets: string[],
  { by = 'alice', gone = new AbortController().signal }: { by?: string; gone?: AbortSignal } = {},
): Promise<Asked> {
  const steps: string[] = []
  const request: PowerRequest = { version: 1, action, outlets, target: 'core-sw1', by }
  const outcome = await askPower(socket, request, text => steps.push(text), gone)
  return { ...outcome, steps }
}
