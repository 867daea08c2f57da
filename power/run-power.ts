/** The program `oobm-power`: switches the outlets of this device for whoever may ask at its socket. */
import { readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { deviceConfigSchema } from '../formats/device-config.ts'
import { deviceConfigPath, directoriesOf } from '../formats/directories.ts'
import { parseToml } from '../formats/toml-file.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import { systemClock } from '../runtime/clock.ts'
import { EXIT, type ExitCode, errorCode, UserError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { controllerUnder, OVER, whenAborted } from '../runtime/waiting.ts'
import { openOutlet } from './outlets/open-outlet.ts'
import { serveRequest } from './serve-request.ts'
import { Journal } from './switching/journal.ts'
import { Switchboard } from './switching/switchboard.ts'
import { SwitchedOutlet } from './switching/switched-outlet.ts'

export interface PowerOptions {
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  log: Logger
}

/** sd_listen_fds(3): the first descriptor that systemd hands over. */
const FIRST_DESCRIPTOR = 3
/** Milliseconds without a request after which a program that systemd starts for one ends: it comes back with the next. */
const IDLE_MS = 120_000
/** Milliseconds for which an outlet is tried that does not answer after a boot: the network comes up. */
const AFTER_BOOT_MS = 600_000
/** Where root puts the programs of outlets of the kind `exec`. */
const PROGRAMS_DIRECTORY = '/etc/oobm/power'

/** Runs until aborted, under systemd also until it is not needed. @throws UserError, ConfigurationError */
export async function runPower({ env, signal, log }: PowerOptions): Promise<ExitCode> {
  const clock = systemClock
  const directories = directoriesOf('oobm-power', env)
  const configFile = deviceConfigPath(env)
  const { outlets: configs } = parseToml(configFile, await readFile(configFile, 'utf8'), deviceConfigSchema)
  const passwords = await passwordsIn(directories.credentials, configs)
  const surroundings = {
    programs: env.OOBM_POWER_PROGRAMS ?? PROGRAMS_DIRECTORY,
    env: programEnv(env),
    passwordOf: (outlet: string) => passwords.get(outlet),
  }
  const outlets = configs.map(config => new SwitchedOutlet(config, openOutlet(config, surroundings), clock))
  const journal = await Journal.in(join(directories.state, 'journal.json'), log)
  const ending = controllerUnder(signal)
  const board = new Switchboard({ outlets, journal, clock, log, stopping: ending.signal })
  board.payDebts()
  await board.afterBoot(heartbeatNow().bootId, AFTER_BOOT_MS)

  const isActivated = env.LISTEN_PID === String(process.pid) && env.LISTEN_FDS === '1'
  let servedMs = clock.nowMs()
  let open = 0
  const server = createServer(socket => {
    open++
    void serveRequest(socket, board, log, ending.signal).finally(() => {
      open--
      servedMs = clock.nowMs()
    })
  })
  if (!isActivated && env.OOBM_POWER_SOCKET !== undefined) await rm(env.OOBM_POWER_SOCKET, { force: true })
  await listen(server, isActivated, env.OOBM_POWER_SOCKET)
  log.info({ outlets: configs.map(({ name }) => name) }, 'listening')
  if (isActivated) void endWhenIdle()
  await whenAborted(ending.signal)
  server.close()
  await board.settled()
  if (!isActivated && env.OOBM_POWER_SOCKET !== undefined) await rm(env.OOBM_POWER_SOCKET, { force: true })
  return EXIT.ok

  async function endWhenIdle(): Promise<void> {
    while (!ending.signal.aborted) {
      if (open > 0 || board.isBusy) servedMs = clock.nowMs()
      const leftMs = servedMs + IDLE_MS - clock.nowMs()
      if (leftMs <= 0) return ending.abort(OVER)
      await clock.sleep(leftMs, ending.signal)
    }
  }
}

/** A folder of credentials: systemd calls `NAME` of the folder `power` `power_NAME`. */
async function passwordsIn(directory: string, outlets: readonly { name: string }[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { name } of outlets) {
    const text = await readFile(join(directory, `power_${name}`), 'utf8').catch(err => {
      if (errorCode(err) !== 'ENOENT') throw err
    })
    if (text !== undefined) found.set(name, text)
  }
  return found
}

/** What systemd says to this program is not for those that it runs. */
function programEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { LISTEN_FDS: _fds, LISTEN_PID: _pid, LISTEN_FDNAMES: _names, NOTIFY_SOCKET: _socket, ...rest } = env
  return rest
}

function listen(server: Server, isActivated: boolean, path: string | undefined): Promise<void> {
  if (!isActivated && path === undefined)
    throw new UserError('oobm-power: systemd starts it, by oobm-power.socket', EXIT.usage)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(isActivated ? { fd: FIRST_DESCRIPTOR } : { path }, () => resolve())
  })
}
