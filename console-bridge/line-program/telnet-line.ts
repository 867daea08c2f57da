/** The line of `telnet://HOST:PORT`: a terminal server that has the serial port, its speed and its modem lines. */
import type { Clock } from '../../runtime/clock.ts'
import { UserError } from '../../runtime/errors.ts'
import type { Line, LineSettings } from '../line/line.ts'
import { isUnchanged } from '../line/settings.ts'
import type { ServedEvents } from '../line-socket/serve-line.ts'
import type { TelnetRole } from '../rfc2217/negotiation.ts'
import { OPTION, TELNET } from '../rfc2217/telnet.ts'
import { connectTcp, type Host } from './tcp.ts'
import { TelnetLink } from './telnet-link.ts'

/** ECHO is the server's: the target echoes. */
const CLIENT: TelnetRole = {
  ours: [OPTION.binary, OPTION.suppressGoAhead],
  theirs: [OPTION.binary, OPTION.suppressGoAhead, OPTION.echo],
  asks: { ours: [OPTION.binary], theirs: [OPTION.binary, OPTION.suppressGoAhead] },
}

/** RFC 854: the server's own BREAK, as long as the server makes it. */
const BREAK = Buffer.from([TELNET.iac, TELNET.brk])

/** @throws UserError that says why there is no connection */
export async function openTelnetLine(
  host: Host,
  settings: LineSettings,
  events: ServedEvents,
  clock: Clock,
  signal: AbortSignal,
): Promise<Line> {
  const socket = await connectTcp(host, signal)
  const link = new TelnetLink({ socket, role: CLIENT, isEager: false, events, clock })
  const server = `${host.name} port ${host.port}`
  return {
    settings,
    outputs: { dtr: true, rts: true },
    set: async changes => {
      if (isUnchanged(settings, changes)) return
      throw new UserError(`telnet has no speed and framing: set them at ${server}, the terminal server`)
    },
    modemLines: async () => undefined,
    setModemLines: async () => {
      throw new UserError(`telnet has no DTR and RTS: ${server}, the terminal server, drives them`)
    },
    write: bytes => link.write(bytes),
    drain: () => link.drained(),
    // What the kernel has cannot be taken back.
    discard: async () => {},
    setBreak: async on => {
      if (!on) return
      if (!link.speaksTelnet)
        throw new UserError(`${server} does not negotiate telnet: it would take the BREAK command for data`)
      link.send(BREAK)
    },
    release: async () => {
      throw new UserError(`telnet has no flow control to release: ${server}, the terminal server, has it`)
    },
    close: async () => link.close(),
  }
}
