/** Who is at a console, and what that person is called. */

export interface Person {
  technician: string
  role: 'operator' | 'observer'
  /** Address that the session came from. */
  from: string
  /** `relay` for who logged in there, and the relay vouches for the name; `shell` for an account of this device. */
  via?: 'relay' | 'shell'
}

/** What the others at a console read. */
export function calledAs({ technician, via }: Person): string {
  return via === undefined ? technician : `${technician} (via ${via})`
}

/** What the log has of a person. */
export function logged({ technician, from, via }: Person): Record<string, string> {
  return { technician, from, ...(via && { via }) }
}
