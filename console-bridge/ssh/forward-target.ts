/** Where a client may forward a port to (`ssh -L 4001:core-sw1:2217 core-sw1`): its consoles, as if each were a host. */
import { RAW_PORT, RFC2217_PORT } from '../../formats/bridge-login.ts'
import type { Visit } from '../commands/visit.ts'
import type { Console } from '../console/console.ts'
import type { PortKind } from '../rfc2217/forwarded-port.ts'

/** `cannot`: the console itself cannot be had now; otherwise it is forbidden. `text` is shown by the client. */
export type ForwardTarget = { console: Console; kind: PortKind } | { refusal: string; cannot: boolean }

const KINDS: Readonly<Record<number, PortKind>> = { [RFC2217_PORT]: 'RFC 2217', [RAW_PORT]: 'raw bytes' }

export function forwardTarget(host: string, port: number, visit: Visit): ForwardTarget {
  const { allowed, refusal, viaRelay, person } = visit
  if (refusal !== undefined) return forbidden(refusal)
  if (viaRelay) return forbidden('forwarding is not available through the relay')
  const kind = KINDS[port]
  const console = allowed.find(({ name }) => name === host)
  if (!kind || !console) {
    const targets = allowed.map(({ name }) => `${name}:${RFC2217_PORT} (RFC 2217) or ${name}:${RAW_PORT} (raw bytes)`)
    return forbidden(`only consoles can be reached: ${targets.join(', ') || 'and you have none here'}`)
  }
  const { state } = console
  if (!state.open) return { refusal: `the line is closed: ${state.cause}`, cannot: true }
  // A program must not take for sent what is not: it gets a port that it can write to, or none.
  const occupied = person.role === 'operator' ? console.keyboard.describeOccupied(person) : undefined
  if (occupied !== undefined) return forbidden(`${occupied}; try again when the keyboard is free`)
  return { console, kind }
}

function forbidden(refusal: string): ForwardTarget {
  return { refusal, cannot: false }
}
