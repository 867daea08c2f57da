/** The program `oobm-line`: has one line that is not a serial port of this device, and hands it to the console bridge. */
import { readFile, rm } from 'node:fs/promises'
import { createServer, isIP, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { parseLinePath } from '../../formats/line-path.ts'
import { LINES_DIRECTORY, type LineSpec, lineSpecSchema } from '../../formats/line-spec.ts'
import { systemClock } from '../../runtime/clock.ts'
import { EXIT, type ExitCode, errorMessage, UserError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { whenAborted } from '../../runtime/waiting.ts'
import type { Line, LineSettings } from '../line/line.ts'
import { type ServedEvents, serveLine } from '../line-socket/serve-line.ts'
import { openExecLine } from './exec-line.ts'
import { openRfc2217Line } from './rfc2217-line.ts'
import { openTelnetLine } from './telnet-line.ts'

export interface LineProgramOptions {
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  log: Logger
}

/** sd_listen_fds(3): the first descriptor that systemd hands over. */
const FIRST_DESCRIPTOR = 3
/**
 * Milliseconds without the console bridge after which a program that systemd starts for a connection ends: it comes back with
 * the next.
 */
const IDLE_MS = 120_000
/** Openings that failed in a row: then the addresses of the host are looked up anew, at the next start. */
const STALE_FAILURES = 3

/**
 * Runs until aborted; under systemd also until it is not needed, or has to begin anew.
 * @throws UserError
 */
export async function runLineProgram({ env, signal, log }: LineProgramOptions): Promise<ExitCode> {
  const clock = systemClock
  const directory = env.CREDENTIALS_DIRECTORY ?? LINES_DIRECTORY
  const spec = await readSpec(join(directory, 'spec'))
  const addresses = await readAddresses(join(directory, 'addresses'))
  const isActivated = env.LISTEN_PID === String(process.pid) && env.LISTEN_FDS === '1'
  const ending = new AbortController()
  const over = AbortSignal.any([signal, ending.signal])
  let failures = 0
  let current: Promise<unknown> | undefined
  let idle: NodeJS.Timeout | undefined
  const open = (settings: LineSettings, events: ServedEvents, opening: AbortSignal) =>
    openLine(spec, addresses, settings, events, { env: commandEnv(env, addresses), clock, signal: opening, log })

  const waitIdle = () => {
    if (isActivated) idle = setTimeout(() => ending.abort(), IDLE_MS)
  }
  const serve = async (socket: Socket) => {
    clearTimeout(idle)
    const { opened, cause } = await serveLine(socket, { open, clock, signal: over })
    log.info({ opened, cause: cause ?? 'the console bridge closed it' }, 'line closed')
    failures = opened ? 0 : failures + 1
    // A bridge that closes its lines ends itself, perhaps for an upgrade of the package, which this program is from, too.
    if (isActivated && (cause === undefined || needsNewProgram(spec, opened, failures))) ending.abort()
    current = undefined
    waitIdle()
  }
  const server = createServer(socket => {
    // The bridge has one connection; the next comes when it has given up the one before.
    const before = current
    current = (before ?? Promise.resolve()).then(() => serve(socket))
  })
  await listen(server, isActivated, env.OOBM_LINE_SOCKET)
  log.info({ console: spec.console }, 'listening')
  waitIdle()
  await whenAborted(over)
  clearTimeout(idle)
  server.close()
  await current
  if (!isActivated && env.OOBM_LINE_SOCKET !== undefined) await rm(env.OOBM_LINE_SOCKET, { force: true })
  return EXIT.ok
}

function openLine(
  spec: LineSpec,
  addresses: Addresses,
  settings: LineSettings,
  events: ServedEvents,
  more: { env: NodeJS.ProcessEnv; clock: typeof systemClock; signal: AbortSignal; log: Logger },
): Promise<Line> {
  const path = parseLinePath(spec.path)
  const { env, clock, signal } = more
  if (spec.problem !== undefined) throw new UserError(spec.problem)
  if (path === undefined) throw new UserError(`"${spec.path}" is no line of this program`, EXIT.configuration)
  if (path.kind === 'exec') {
    return openExecLine({ command: path.command, breakText: spec.execBreak, env, clock }, settings, events)
  }
  if (addresses.found.length === 0)
    throw new UserError(`${path.host}: its name has no address${addresses.why === '' ? '' : ` (${addresses.why})`}`)
  const host = { name: path.host, port: path.port, addresses: addresses.found }
  if (path.kind === 'telnet') return openTelnetLine(host, settings, events, clock, signal)
  return openRfc2217Line(host, settings, events, more)
}

/** A command may have left something behind; the name of a host may have another address now. */
function needsNewProgram({ path }: LineSpec, wasOpened: boolean, failures: number): boolean {
  const line = parseLinePath(path)
  if (line?.kind === 'exec') return wasOpened
  return failures >= STALE_FAILURES && line !== undefined && isIP(line.host) === 0
}

/** What systemd says to this program is not for the command. */
function commandEnv(env: NodeJS.ProcessEnv, { found: [first] }: Addresses): NodeJS.ProcessEnv {
  const { LISTEN_FDS: _fds, LISTEN_PID: _pid, LISTEN_FDNAMES: _names, NOTIFY_SOCKET: _socket, ...rest } = env
  return { ...rest, ...(first !== undefined && { OOBM_LINE_HOST: first }) }
}

async function readSpec(file: string): Promise<LineSpec> {
  try {
    return lineSpecSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (err) {
    throw new UserError(`${file}: ${errorMessage(err)}; "oobm lines" makes it`, EXIT.configuration, { cause: err })
  }
}

interface Addresses {
  found: string[]
  why: string
}

/** One a line; a line that begins with # says why there is none. */
async function readAddresses(file: string): Promise<Addresses> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n').filter(line => line !== '')
  const why =
    lines
      .find(line => line.startsWith('#'))
      ?.slice(1)
      .trim() ?? ''
  return { found: lines.filter(line => !line.startsWith('#')), why }
}

function listen(server: Server, isActivated: boolean, path: string | undefined): Promise<void> {
  if (!isActivated && path === undefined)
    throw new UserError('oobm-line: systemd starts it, by oobm-line@NAME.socket', EXIT.usage)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(isActivated ? { fd: FIRST_DESCRIPTOR } : { path }, () => resolve())
  })
}
