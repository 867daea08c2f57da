/** A client's forwarded ports: each is a console as a serial port, and nothing else can be reached through the bridge. */
import type { Socket } from 'node:net'
import type { Connection, ServerChannel } from 'ssh2'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import type { Visit } from '../commands/visit.ts'
import { logged } from '../console/person.ts'
import type { Events } from '../events.ts'
import { ForwardedPort } from '../rfc2217/forwarded-port.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { channelTerminal } from './channel-terminal.ts'
import { forwardTarget } from './forward-target.ts'
import { surfaceOpenFailures } from './open-failure.ts'

export interface ForwardsOptions {
  socket: Socket
  roundTrip(signal: AbortSignal): Promise<void>
  events: Events
  clock: Clock
  log: Logger
  /** The end of the program. */
  signal: AbortSignal
  /** The end of the connection. */
  closed: AbortSignal
  /** Undefined before the login. */
  visit(): Visit | undefined
  /** @returns what gives the place on this connection back; undefined when all are taken */
  takePlace(): (() => void) | undefined
  /** Counts as a session for as long as it runs. */
  runs(work: Promise<void>): void
}

/** Milliseconds that a client may take to read the last output. */
const LAST_MS = 1_000

/** Must be called synchronously in the server's `connection` event. */
export function serveForwards(connection: Connection, options: ForwardsOptions): void {
  const { log, signal } = options
  const refuse = surfaceOpenFailures(connection)
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const visit = options.visit()
    if (!visit || signal.aborted) return reject()
    const target = forwardTarget(destIP, destPort, visit)
    if ('refusal' in target) {
      const { refusal, cannot } = target
      log.info(
        { ...logged(visit.person), host: destIP.slice(0, 60), port: destPort, cause: refusal },
        'forward refused',
      )
      return refuse(reject, cannot ? 'connectFailed' : 'prohibited', refusal)
    }
    const leave = options.takePlace()
    if (!leave) return refuse(reject, 'resourceShortage', 'too many sessions on this connection')
    options.runs(serveOne(accept(), visit, target, options).finally(leave))
  })
}

async function serveOne(
  channel: ServerChannel,
  visit: Visit,
  { console, kind }: Exclude<ReturnType<typeof forwardTarget>, { refusal: string }>,
  { socket, roundTrip, closed, events, clock, log, signal }: ForwardsOptions,
): Promise<void> {
  const { person } = visit
  const gone = controllerUnder(closed)
  channel.once('close', () => {
    gone.abort(OVER)
    gone.release()
  })
  const endOfInput = new AbortController().signal
  const common = {
    channel,
    socket,
    endOfInput,
    roundTrip,
    interactive: false,
    ptySize: { now: undefined, onChange: () => {} },
  }
  const terminal = channelTerminal({ ...common, gone: gone.signal })
  const port = new ForwardedPort({ console, person, kind, terminal, clock, log, signal })
  const running = port.run()
  terminal.listen(port)
  const cause = await running
  log.info({ ...logged(person), console: console.name, kind, cause }, 'forwarded port closed')
  events.add({
    ...{ event: 'word', console: console.name, technician: person.technician, from: person.from },
    detail: `${kind}; ${cause}`,
  })
  // On a channel that is no session, this is its end and nothing more.
  terminal.end(SESSION_EXIT.ok)
  void clock.sleep(LAST_MS, gone.signal).then(() => channel.close())
}
