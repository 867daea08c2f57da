/** `oobm-drop`: serves files to the equipment at one local address, and writes down what it took and put. */
import { readFile, stat } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import {
  type DropStatus,
  dropFolders,
  dropRuntimeDirectory,
  dropSpecDirectory,
  dropSpecSchema,
} from '../formats/file-drop.ts'
import type { Clock } from '../runtime/clock.ts'
import { EXIT, type ExitCode, errorCode, errorMessage, UserError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { whenAborted } from '../runtime/waiting.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { networkOf } from './beside.ts'
import { followLog } from './ftp/follow-log.ts'
import { FtpSessions } from './ftp/ftp-sessions.ts'
import { ftpEvent } from './ftp/log-line.ts'
import { askSentBytes } from './ftp/sent-bytes.ts'
import { openHistory } from './history.ts'
import { serveHttp } from './http/serve-http.ts'
import { removeParts } from './served/receive-upload.ts'
import { serveTftp } from './tftp/serve-tftp.ts'
import { Transfers } from './transfers.ts'

export interface FileDropOptions {
  address: string
  env: NodeJS.ProcessEnv
  clock: Clock
  signal: AbortSignal
  log: Logger
  /** Called when everything listens. */
  onReady(): void
}

/** RFC 1350. */
const TFTP_PORT = 69
/** Milliseconds between two writings of the status while something runs. */
const STATUS_MS = 1_000

/** Runs until aborted. @throws UserError where an address or a port cannot be had */
export async function runFileDrop(options: FileDropOptions): Promise<ExitCode> {
  const { address, env, clock, signal, log, onReady } = options
  if (!isIPv4(address)) throw new UserError('usage: oobm-drop ADDRESS, an IPv4 address of this device', EXIT.usage)
  const { settings } = await readSpec(env)
  const folders = dropFolders(env)
  // At each request: an address may get another length of its network while this runs.
  const isBeside = (client: string) => networkOf(address, networkInterfaces())?.check(client) === true
  const onError = (err: unknown) => log.warn({ err }, 'the history cannot be written')
  const history = openHistory({ folder: folders.history, clock, signal, onError })
  const transfers = new Transfers(history, clock)
  const upload = settings.upload ? { folder: folders.upload, address } : undefined
  if (upload !== undefined) await removeParts(upload)
  const common = { address, read: folders.read, upload, isBeside, transfers, clock, signal, log }
  const serves: string[] = []
  const folder = join(dropRuntimeDirectory(env), address)
  let following: Promise<void> = Promise.resolve()
  let tftp: Awaited<ReturnType<typeof serveTftp>> | undefined
  if (settings.tftp) {
    const port = Number(env.OOBM_TFTP_PORT ?? TFTP_PORT)
    tftp = await orRefused(`UDP port ${port} of ${address}`, () => serveTftp({ ...common, port }))
    serves.push(`tftp:${tftp.port}`)
  }
  if (settings.http) {
    const port = Number(env.OOBM_HTTP_PORT ?? settings.httpPort)
    const http = await orRefused(`TCP port ${port} of ${address}`, () => serveHttp({ ...common, port }))
    serves.push(`http:${http.port}`)
  }
  if (settings.ftp) {
    const sessions = new FtpSessions(transfers)
    const onLine = (line: string) => {
      const event = ftpEvent(line)
      if (event) sessions.take(event)
    }
    const sent = askSentBytes(address, clock)
    const stored = async (name: string) => (await stat(join(folders.upload, name)).catch(() => undefined))?.size
    const onTurn = async () => {
      await sessions.look({ stored, sent })
      sessions.sweep()
    }
    following = followLog({ path: join(folder, 'ftp.log'), clock, signal, onLine, onTurn })
    serves.push('ftp')
  }
  log.info({ address, serves, upload: settings.upload }, 'serving files')
  onReady()

  let told = ''
  while (!signal.aborted) {
    const status = { version: 1, pid: process.pid, address, serves, running: transfers.running } as const
    if (JSON.stringify(status) !== told) {
      told = JSON.stringify(status)
      const now: DropStatus = { ...status, at: new Date(clock.wallMs()).toISOString() }
      await writeAtomically(join(folder, 'status.json'), `${JSON.stringify(now)}\n`, 0o644).catch(err =>
        log.warn({ err: errorMessage(err) }, 'the status cannot be written'),
      )
    }
    await clock.sleep(STATUS_MS, signal)
  }
  await whenAborted(signal)
  await Promise.all([tftp?.done(), following])
  await history.flush()
  return EXIT.ok
}

async function readSpec(env: NodeJS.ProcessEnv) {
  const path = join(dropSpecDirectory(env), 'served.json')
  try {
    return dropSpecSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (err) {
    throw new UserError(
      `${path} cannot be read: ${errorMessage(err)}; use: sudo systemctl start oobm-files`,
      EXIT.configuration,
    )
  }
}

async function orRefused<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    const code = errorCode(err)
    const why =
      code === 'EADDRINUSE'
        ? 'another program has it'
        : code === 'EADDRNOTAVAIL'
          ? 'this device does not have the address'
          : errorMessage(err)
    throw new UserError(`${what}: ${why}`, EXIT.unavailable, { cause: err })
  }
}
