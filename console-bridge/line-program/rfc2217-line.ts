/** The line of `rfc2217://HOST:PORT`: a serial port at the other end of a network, with its speed, modem lines and BREAK. */
import type { Clock } from '../../runtime/clock.ts'
import { UserError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { printable } from '../../runtime/printable.ts'
import { settled, within } from '../../runtime/waiting.ts'
import type { Line, LineSettings } from '../line/line.ts'
import { byteMs } from '../line/settings.ts'
import type { ServedEvents } from '../line-socket/serve-line.ts'
import type { TelnetRole } from '../rfc2217/negotiation.ts'
import { OPTION } from '../rfc2217/telnet.ts'
import { ComPortClient } from './com-port-client.ts'
import { connectTcp, type Host } from './tcp.ts'
import { TelnetLink } from './telnet-link.ts'

const CLIENT: TelnetRole = {
  ours: [OPTION.binary, OPTION.suppressGoAhead, OPTION.comPort],
  theirs: [OPTION.binary, OPTION.suppressGoAhead, OPTION.echo, OPTION.comPort],
  asks: { ours: [OPTION.binary, OPTION.comPort], theirs: [OPTION.binary, OPTION.suppressGoAhead] },
}

/** Milliseconds for the server to agree to the com port option. */
const AGREE_MS = 10_000
/** Milliseconds of the line's own time that may be on the way: so much of what was typed a BREAK comes late. */
const AHEAD_MS = 250

/** @throws UserError that says why there is no connection, or what the server cannot do */
export async function openRfc2217Line(
  host: Host,
  settings: LineSettings,
  events: ServedEvents,
  { clock, signal, log }: { clock: Clock; signal: AbortSignal; log: Logger },
): Promise<Line> {
  const socket = await connectTcp(host, signal)
  let why: string | undefined
  let isOpen = false
  const onClose = (cause: string) => {
    why = cause
    if (isOpen) events.onClose(cause)
  }
  let agreed = () => {}
  const link = new TelnetLink({
    ...{ socket, role: CLIENT, isEager: true, clock, events: { ...events, onClose } },
    onOption: ({ hasComPort }) => hasComPort && agreed(),
    onSubnegotiation: (option, bytes) => option === OPTION.comPort && port.hear(bytes),
  })
  let isSuspended = false
  const port = new ComPortClient({
    send: bytes => link.send(bytes),
    over: link.over,
    onSuspended: on => {
      isSuspended = on
    },
  })
  try {
    const outcome = await within(AGREE_MS, [signal, link.over], over =>
      settled<void>(over, undefined, settle => {
        agreed = settle
        if (link.negotiation.hasComPort) settle()
      }),
    )
    if (outcome.kind !== 'done')
      throw new UserError(
        why ?? `${host.name} port ${host.port} does not speak RFC 2217: use telnet:// and set the speed at the server`,
      )
    await port.set(settings)
    port.wantModemLines()
    if (why !== undefined) throw new UserError(why)
    isOpen = true
    const tell = (name = 'unnamed') => log.info({ server: printable(name) }, 'serial port over the network')
    void port.signature().then(tell)
    return lineOn(link, port, settings, clock, () => isSuspended)
  } catch (err) {
    link.close()
    throw why === undefined ? err : new UserError(why, undefined, { cause: err })
  }
}

function lineOn(
  link: TelnetLink,
  port: ComPortClient,
  opened: LineSettings,
  clock: Clock,
  isSuspended: () => boolean,
): Line {
  let settings = opened
  // A server raises both when it opens the serial port, as the kernel does here.
  let outputs = { dtr: true, rts: true }
  /** When the target has all that was written, by the speed of the line. */
  let doneAtMs = clock.nowMs()
  const aheadMs = () => Math.max(0, doneAtMs - clock.nowMs())
  return {
    get settings() {
      return settings
    },
    get outputs() {
      return outputs
    },
    set: async changes => {
      const next = { ...settings, ...changes }
      try {
        await port.set(next)
        settings = next
      } catch (err) {
        await port.set(settings).catch(() => {})
        throw err
      }
    },
    modemLines: async () => port.modemLines,
    setModemLines: async changes => {
      const { dtr, rts } = changes
      if (rts !== undefined && rts !== outputs.rts && settings.flowControl === 'rts-cts')
        throw new UserError('RTS belongs to the flow control of this line')
      const isNew = {
        ...(dtr !== undefined && dtr !== outputs.dtr && { dtr }),
        ...(rts !== undefined && rts !== outputs.rts && { rts }),
      }
      await port.drive(isNew)
      outputs = { ...outputs, ...isNew }
    },
    write: bytes => {
      const roomMs = AHEAD_MS - aheadMs()
      if (isSuspended() || roomMs <= 0) return 0
      const piece = bytes.subarray(0, Math.max(1, Math.floor(roomMs / byteMs(settings))))
      const taken = link.write(piece)
      doneAtMs = clock.nowMs() + aheadMs() + taken * byteMs(settings)
      return taken
    },
    drain: async () => {
      await link.drained()
      await clock.sleep(aheadMs(), link.over)
    },
    discard: async () => {
      await port.purgeSent()
      doneAtMs = clock.nowMs()
    },
    setBreak: on => port.setBreak(on),
    release: async () => {
      throw new UserError('the server has the flow control of this line: set flow none, or set it anew')
    },
    close: async () => link.close(),
  }
}
