/** Who is at a console, and what that person is called. */

export interface Person {
  technician: string
  role: 'operator' | 'observer'
  /** Address that the session came from. */
  from: string
  /** Set for who logged in at the relay, which vouches for the name. */
  via?: 'relay'
}

/** Whoever is at the device itself. */
export const LOCAL = 'local'

/** What the others at a console read. */
export function calledAs({ technician, via }: Person): string {
  return via === undefined ? technician : `${technician} (via ${via})`
}

/** What the log has of a person. */
export function logged({ technician, from, via }: Person): Record<string, string> {
  return { technician, from, ...(via && { via }) }
}
