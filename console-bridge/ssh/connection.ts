/** One SSH connection: its login, its sessions and their requests. Everything else is refused. */
import type { Socket } from 'node:net'
import type { Connection, ServerChannel, Session as SshSession } from 'ssh2'
import { COMES_BACK } from '../../formats/bridge-login.ts'
import { type ExecCommand, type ExecCommandName, entryOf } from '../../formats/exec-commands.ts'
import { OVER } from '../../runtime/waiting.ts'
import { alertLines } from '../commands/alerts.ts'
import { type EffectName, execute } from '../commands/all-commands.ts'
import { type CommandServices, noConsoleExit } from '../commands/command.ts'
import { commandsHelp } from '../commands/help.ts'
import { readCommand } from '../commands/read-command.ts'
import { pastFor } from '../commands/reads-log.ts'
import { consoleOf, noConsoleText, type Visit } from '../commands/visit.ts'
import { logged } from '../console/person.ts'
import type { Events } from '../events.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { Session } from '../session/session.ts'
import { LOST } from '../session/terminal.ts'
import { type AccountOptions, accountOf } from './account-login.ts'
import { type Authentication, authenticate } from './authorize.ts'
import { surfaceBreaks } from './break-request.ts'
import { channelTerminal } from './channel-terminal.ts'
import { commandStream } from './command-stream.ts'
import { surfaceDisconnect } from './disconnect.ts'
import { honourGuesses } from './first-guess.ts'
import { serveForwards } from './forwards.ts'
import type { ServerLimits } from './limits.ts'
import { ptySizeOf } from './pty-size.ts'
import { surfaceRoundTrips } from './round-trip.ts'
import { endLogin, sendBanner, tellSignatures } from './user-auth.ts'
import { visitOf } from './visit.ts'

export interface ConnectionOptions extends AccountOptions, CommandServices {
  events: Events
  limits: ServerLimits
  place: KeptPlace
}

/** What a connection reports for its place at the server. A key is base64, or stands for an account. */
export interface KeptPlace {
  /** The client was told that this key is acceptable. */
  asked(key: string): void
  /** @returns false when this key has too many connections */
  loggedIn(key: string, isLocal: boolean): boolean
  /** A session began or ended. */
  sessions(running: number): void
}

/** Milliseconds to send what was written before an error. */
const FLUSH_MS = 1_000

/**
 * Must be called synchronously in the server's `connection` event.
 * @param running gets a promise for each session, for as long as it runs
 */
export function serveConnection(
  connection: Connection,
  socket: Socket,
  options: ConnectionOptions,
  running: Set<Promise<void>>,
): void {
  const { limits, log, place } = options
  const closed = new AbortController()
  const from = addressOf(socket)
  // Now, while the client's process still has the connection open.
  const account = accountOf(socket, options)
  const breakTakers = new Map<SshSession, (askedMs: number) => boolean>()
  let visit: Visit | undefined
  let tries = 0
  /** The login name of a key or an account that was refused. */
  let refusedAs: string | undefined
  /** Texts about unacceptable keys that were shown already. */
  const told = new Set<string>()
  let sessions = 0
  let started = 0

  surfaceBreaks(connection, (session, askedMs) => breakTakers.get(session)?.(askedMs) ?? false)
  const roundTrip = surfaceRoundTrips(connection)
  const client = surfaceDisconnect(connection)
  tellSignatures(connection)
  honourGuesses(connection)
  connection.on('error', err => {
    log.info({ from, cause: err.message }, 'connection failed')
    // Send what was written first: a client without a common algorithm prints what we offer. After an unanswered
    // keepalive, nobody reads it or closes the other half, hence the timer.
    socket.destroySoon()
    const timer = setTimeout(() => socket.destroy(), FLUSH_MS)
    socket.once('close', () => clearTimeout(timer))
  })
  connection.once('close', () => {
    closed.abort(client.hasLeft() ? OVER : LOST)
    // Most clients only ask whether a key is acceptable, and leave.
    if (!visit && refusedAs !== undefined) options.events.refused(refusedAs, from)
  })
  connection.on('authentication', context => {
    if (++tries > limits.loginTries) {
      log.warn({ from, login: context.username, tries: limits.loginTries }, 'too many keys tried')
      return endLogin(
        connection,
        `too many keys tried (${limits.loginTries}); choose one: ssh -o IdentitiesOnly=yes -i KEY`,
      )
    }
    const byAccount = context.method === 'none' ? account?.identityFor(context.username) : undefined
    if (byAccount) context.accept()
    const tell = (text: string) => {
      if (told.has(text)) return
      told.add(text)
      sendBanner(connection, text)
      log.warn({ from, login: context.username, cause: text }, 'key not accepted')
    }
    const authentication: Authentication = byAccount
      ? { kind: 'in', identity: byAccount }
      : authenticate(context, options.technicians, tell)
    if (authentication.kind === 'refused' && (context.method === 'publickey' || account)) refusedAs = context.username
    const key = context.method === 'publickey' ? context.key.data.toString('base64') : `uid ${account?.uid}`
    if (authentication.kind === 'asked') {
      place.asked(key)
    } else if (authentication.kind === 'in') {
      const { identity } = authentication
      const isIn = place.loggedIn(key, identity.via === 'shell')
      visit = visitOf(identity, context.username, from, options.consoles, isIn)
      if (isIn) log.info({ ...logged(visit.person), login: context.username }, 'logged in')
      else log.warn({ ...logged(visit.person), login: context.username }, 'too many connections of one key')
    } else if (context.method === 'publickey' && context.signature) {
      log.warn({ from, login: context.username }, 'login refused')
    } else if (account && context.method === 'none') {
      log.warn({ from, uid: account.uid, login: context.username }, 'login refused')
    }
  })
  connection.on('rekey', () => {
    // A key exchange is the most expensive request of a client without a key: one is enough.
    if (!visit) socket.destroy()
  })
  connection.on('session', (accept, reject) => {
    if (!visit || sessions >= limits.sessionsPerConnection || options.signal.aborted) return reject()
    const session = accept()
    const ended = new AbortController()
    const endOfInput = new AbortController()
    sessions++
    session.once('eof', () => endOfInput.abort())
    session.once('close', () => {
      sessions--
      breakTakers.delete(session)
      ended.abort()
    })
    serveSession(session, visit, AbortSignal.any([closed.signal, ended.signal]), endOfInput.signal)
  })

  serveForwards(connection, {
    ...{ socket, roundTrip, runs, events: options.events, clock: options.clock, log, signal: options.signal },
    closed: closed.signal,
    visit: () => visit,
    takePlace: () => {
      if (sessions >= limits.sessionsPerConnection) return undefined
      sessions++
      return () => sessions--
    },
  })

  function runs(work: Promise<void>): void {
    const done = work.catch(err => log.error({ err, from }, 'session failed'))
    running.add(done)
    place.sessions(++started)
    void done.finally(() => {
      running.delete(done)
      place.sessions(--started)
    })
  }

  function serveSession(session: SshSession, visit: Visit, gone: AbortSignal, endOfInput: AbortSignal): void {
    let interactive = false
    let comesBack = false
    const ptySize = ptySizeOf(session)
    session.on('pty', accept => {
      interactive = true
      accept?.()
    })
    session.on('env', (accept, _reject, { key }) => {
      if (key === COMES_BACK) comesBack = true
      accept?.()
    })
    session.on('shell', accept =>
      start(accept(), channel =>
        visit.refusal === undefined ? attach(channel, false) : refuse(channel, visit.refusal),
      ),
    )
    session.on('exec', (accept, _reject, { command }) => {
      const read = readCommand(command, visit)
      start(accept(), channel => {
        if (visit.refusal !== undefined) return refuse(channel, visit.refusal)
        if ('problem' in read) {
          return complain(channel, [read.problem, ...(read.name ? [] : commandsHelp(visit))], SESSION_EXIT.usage)
        }
        const { name } = read
        if (name === 'watch' || name === 'attach') return attach(channel, name === 'watch', read.options.lines)
        return run(channel, { ...read, name })
      })
    })

    function start(channel: ServerChannel | undefined, run: (channel: ServerChannel) => Promise<void>): void {
      // ssh2 gives no channel for a second shell on one session.
      if (channel) runs(run(channel))
    }

    function refuse(channel: ServerChannel, why: string): Promise<void> {
      return complain(channel, [why], SESSION_EXIT.unavailable)
    }

    async function attach(channel: ServerChannel, viewOnly: boolean, lines?: string): Promise<void> {
      const console = consoleOf(visit)
      if (!console) return complain(channel, [noConsoleText(visit)], noConsoleExit(visit))
      const terminal = channelTerminal({ channel, socket, interactive, ptySize, gone, endOfInput, roundTrip })
      const { escapeKey, clock, signal } = options
      const escapeSetting = { key: escapeKey, set: visit.escapeSet ?? console.config.escapeSet }
      const one = new Session({
        ...{ console, person: visit.person, viewOnly, terminal, escapeSetting, clock, signal, places: options.places },
        lines: lines === undefined ? undefined : Number(lines),
        past: pastFor(visit, console, options),
        alerts: () => alertLines(console, options.alertsOf(console.name)),
      })
      breakTakers.set(session, askedMs => one.breakRequested(askedMs))
      const exitCode = one.run()
      terminal.listen(one)
      const code = await exitCode
      if (comesBack && signal.aborted) terminal.drop()
      else terminal.end(code)
    }

    async function run(channel: ServerChannel, command: ExecCommand<EffectName>): Promise<void> {
      const terminal = channelTerminal({ channel, socket, interactive, ptySize, gone, endOfInput, roundTrip })
      const stream = commandStream(terminal, entryOf(command.name).input ?? false, options.signal)
      const exitCode = await execute(command, { ...options, visit, stream })
      stream.end()
      note(command.name, visit, exitCode, options)
      terminal.end(exitCode)
    }

    async function complain(channel: ServerChannel, lines: string[], exitCode: SessionExit): Promise<void> {
      const terminal = channelTerminal({ channel, socket, interactive, ptySize, gone, endOfInput, roundTrip })
      const stream = commandStream(terminal, false, options.signal)
      await stream.complain(...lines)
      stream.end()
      terminal.end(exitCode)
    }
  }
}

/** Where a connection comes from: for the tunnel, the supervisor on this device. */
export function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`
}

/**
 * For the relay's history. The console notes a BREAK; what the device itself executes is not noted. `word` is the name of this
 * event in the format, which relays of older versions know.
 */
function note(
  command: ExecCommandName,
  { person, wanted, isDevice }: Visit,
  exitCode: SessionExit,
  { events }: ConnectionOptions,
): void {
  if (isDevice || command === 'break') return
  const { technician, from } = person
  events.add({ event: 'word', console: wanted, technician, from, detail: `${command}; exit code ${exitCode}` })
}
