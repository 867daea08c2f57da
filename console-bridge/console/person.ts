/** A person at a console, and the name that others see. */

export interface Person {
  technician: string
  role: 'operator' | 'observer'
  /** Address that the session came from. */
  from: string
  /** `relay`: logged in at the relay, which vouches for the name; `shell`: by an account of this device. */
  via?: 'relay' | 'shell'
  /** May become root on the device, and end the sessions of others. */
  isAdmin?: boolean
  /** Consoles whose outlets they may switch; an administrator may, in any case. */
  power?: readonly string[]
  /** A program of theirs has the console: as a serial port, or for the commands of `run`. */
  port?: 'RFC 2217' | 'raw bytes' | 'run'
}

/** The name that the others at a console see. */
export function calledAs({ technician, via, port }: Person): string {
  const how = [...(via === undefined ? [] : [`via ${via}`]), ...(port === undefined ? [] : [port])]
  return how.length === 0 ? technician : `${technician} (${how.join(', ')})`
}

/** The fields of a person in the log. */
export function logged({ technician, from, via }: Person): Record<string, string> {
  return { technician, from, ...(via && { via }) }
}
