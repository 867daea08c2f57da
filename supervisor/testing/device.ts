/** A device as its command `oobm` finds it: directories, a configuration, and what a supervisor has written. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'

/** Of the repository. */
export const ROOT = join(import.meta.dirname, '../..')

/** The directories of a device, and `oobm` run on them. */
export async function device(context: TestContext) {
  const directory = await scratchDirectory(context)
  const runtime = join(directory, 'run')
  const consoleRuntime = join(directory, 'run-console')
  const credentials = join(directory, 'credentials')
  for (const each of [runtime, join(runtime, 'request'), consoleRuntime, credentials]) await mkdir(each)
  const env: NodeJS.ProcessEnv = {
    RUNTIME_DIRECTORY: runtime,
    OOBM_CONSOLE_RUNTIME_DIRECTORY: consoleRuntime,
    CREDENTIALS_DIRECTORY: credentials,
    OOBM_CONFIG: join(directory, 'device.toml'),
  }
  const options = { cwd: ROOT, env, timeoutMs: 90_000 }
  return {
    ...{ directory, runtime, consoleRuntime, credentials, env },
    oobm: (...args: string[]) => runProgram(process.execPath, [...programArgs('device/main.ts'), ...args], options),
    /** What a supervisor writes; this process stands for it. */
    writeStatus: (changes: Partial<SupervisorStatus> = {}) =>
      writeAtomically(join(runtime, 'status.json'), JSON.stringify({ ...statusNow(), ...changes }), 0o644),
    configure: (config: DeviceConfigInput) => writeFile(join(directory, 'device.toml'), stringifyToml(config)),
  }
}

/** Of a device that is proved; this process stands for its supervisor. */
export function statusNow(): SupervisorStatus {
  const nowMs = Date.now()
  return {
    version: 1,
    device: 'tokyo-rack1',
    software: '1.2.3',
    pid: process.pid,
    heartbeat: heartbeatNow(),
    state: 'ready',
    cause: 'proved',
    since: nowMs,
    relay: { host: 'relay.example.net', port: 443 },
    connectedAt: nowMs,
    proof: { provedAt: nowMs, by: 'self-test', tookMs: 400, attempt: null, probeMs: 45 },
    sessions: { shell: 0, console: 0 },
    retryAt: null,
    changes: [],
  }
}

/** The least that a configuration has. */
export function minimal(hostKey: string, more: Partial<DeviceConfigInput>): DeviceConfigInput {
  return {
    version: 1,
    device: 'tokyo-rack1',
    relays: [{ host: '127.0.0.1', user: 'oobm', hostKeys: [hostKey] }],
    listenerPort: 20100,
    bridge: { hostKey },
    ...more,
  }
}
