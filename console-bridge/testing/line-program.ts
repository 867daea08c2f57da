/** `oobm-line` as a process without systemd, and a bridge whose console `core-sw1` it has. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { parseLinePath } from '../../formats/line-path.ts'
import type { LineSpec } from '../../formats/line-spec.ts'
import { freePort } from '../../testbed/free-port.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeFiles, openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './bridge-fixture.ts'

type ConsoleInput = NonNullable<DeviceConfigInput['consoles']>[number]

/** @param directory for its socket and what systemd would hand to it */
export async function startLineProgram(
  context: TestContext,
  directory: string,
  { addresses, env, ...spec }: Omit<LineSpec, 'version'> & { addresses?: string[]; env?: NodeJS.ProcessEnv },
): Promise<Program> {
  const credentials = join(directory, `${spec.console}.credentials`)
  const line = parseLinePath(spec.path)
  await mkdir(credentials, { recursive: true })
  await writeFile(join(credentials, 'spec'), JSON.stringify({ version: 1, ...spec }))
  await writeFile(join(credentials, 'addresses'), (addresses ?? (line && 'host' in line ? [line.host] : [])).join('\n'))
  const program = startProgram(process.execPath, programArgs('console-bridge/line-program/main.ts'), {
    env: { ...env, CREDENTIALS_DIRECTORY: credentials, OOBM_LINE_SOCKET: join(directory, spec.console) },
  })
  context.cleanup(() => program.stop(10_000))
  context.onFailure(() => `oobm-line:\n${program.output()}`)
  await program.says(/"msg":"listening"/, 60_000)
  return program
}

/** @param spec more of what the program gets, such as `execBreak` */
export async function bridgeOnLine(
  context: TestContext,
  path: string,
  {
    console = {},
    ...spec
  }: { console?: Partial<ConsoleInput>; execBreak?: string; addresses?: string[]; env?: NodeJS.ProcessEnv } = {},
) {
  const directory = await scratchDirectory(context)
  const program = await startLineProgram(context, directory, { console: 'core-sw1', path, ...spec })
  const made = await bridgeFiles(context, [{ name: 'core-sw1', path, ...console }])
  const files = { ...made, env: { ...made.env, OOBM_LINE_SOCKETS: directory } }
  const bridge = await startBridge(context, files)
  const untilOpen = () => statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const attach = async (who: 'alice' | 'bob' | 'olga') => {
    const attached = openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1'))
    await attached.says(/for help\]/)
    return attached
  }
  const run = (...command: string[]) => runCommand(files, 'alice', 'core-sw1', ...command)
  const untilClosed = (cause: RegExp) =>
    statusWhere(
      files,
      `closed: ${cause}`,
      ({ consoles }) => consoles[0]?.state === 'closed' && cause.test(consoles[0].cause),
    )
  return { directory, program, files, bridge, untilOpen, untilClosed, attach, run }
}

/** ser2net with a serial device behind a TCP port. @param accepter `telnet`, `telnet(rfc2217=true)` or `tcp` */
export async function startSer2net(
  context: TestContext,
  { accepter, device, port, under = [] }: { accepter: string; device: string; port?: number; under?: string[] },
) {
  const directory = await scratchDirectory(context)
  const own = port ?? (await freePort())
  const config = join(directory, 'ser2net.yaml')
  await writeFile(
    config,
    `%YAML 1.1
---
connection: &line
  accepter: ${accepter === 'tcp' ? '' : `${accepter},`}tcp,127.0.0.1,${own}
  connector: serialdev,${device},9600n81,local
`,
  )
  const [command = '', ...args] = [...under, 'ser2net', '-d', '-n', '-P', join(directory, 'pid'), '-c', config]
  const ser2net = startProgram(command, args)
  context.cleanup(() => ser2net.stop())
  context.onFailure(() => `ser2net:\n${ser2net.output()}`)
  await waitFor('ser2net', async () => (await runProgram('ss', ['-Hltn', `sport = :${own}`])).stdout !== '')
  return { ser2net, port: own }
}
