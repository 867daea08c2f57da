/** What listens on the addresses of this device, from `ss -Htulnp`; pure. */
import { isIP } from 'node:net'

export interface Listener {
  protocol: 'tcp' | 'udp'
  /** `any4` and `any6`: on every address of that family; `any` on both. */
  address: string
  /** The only interface on which it listens. */
  interface?: string
  port: number
  /** Name of the program; undefined for another user's, where root did not ask. */
  program: string | undefined
  pid: number | undefined
}

/** Lines that are of another form are left out: a newer `ss` may have more to say. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line): Listener[] => {
    const [protocol, , , , local = ''] = line.split(/\s+/)
    if (protocol !== 'tcp' && protocol !== 'udp') return []
    const [, written = '', scope, digits] =
      /^(.*?)(?:%([^:\]]+))?:(\d+)$/.exec(local.replace(/%([^:\]]+)\]/, ']%$1')) ?? []
    const address = anyOf(written) ?? written.replace(/^\[|\]$/g, '')
    if (digits === undefined || (anyOf(written) === undefined && isIP(address) === 0)) return []
    const [, program, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(line) ?? []
    return [
      {
        ...{ protocol, address, port: Number(digits), program },
        pid: pid === undefined ? undefined : Number(pid),
        ...(scope !== undefined && { interface: scope }),
      },
    ]
  })
}

function anyOf(written: string): string | undefined {
  return { '0.0.0.0': 'any4', '[::]': 'any6', '*': 'any' }[written]
}

/** Whether it answers at this address of this interface, as far as the program itself is concerned. */
export function listensAt(listener: Listener, { interface: name, address }: { interface: string; address: string }) {
  if (listener.interface !== undefined && listener.interface !== name) return false
  const family = isIP(address) === 6 ? 'any6' : 'any4'
  return listener.address === 'any' || listener.address === family || listener.address === address
}
