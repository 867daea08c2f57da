/** Who may read a transcript, and from where on. Pure. */

export interface Reader {
  technician: string
  via?: 'relay' | 'shell' | undefined
  /** Root on the device. */
  isDevice: boolean
}

export interface TranscriptRights {
  logRole: 'any' | 'admin'
  /** Of the configuration. */
  technicians: readonly { name: string; admin: boolean }[]
  /** The position at which the part begins that a person may read, see access.ts; undefined where it is not known. */
  sinceFor(technician: string): number | undefined
}

/** May become root, and could read the files; which administrator uses it is unknown (account-identity.ts). */
const ADMINISTRATORS = 'remote-admin'

/** @param reader somebody to whom the console is open @returns the position; or why nothing may be read, as a sentence */
export function mayReadFrom(reader: Reader, { logRole, technicians, sinceFor }: TranscriptRights): number | string {
  const { technician: name, via, isDevice } = reader
  if (isDevice || (via === 'shell' && name === ADMINISTRATORS)) return 0
  const technician = technicians.find(one => one.name === name)
  if (!technician) return `the login ${name} is shared: log in with your own to read a transcript`
  if (logRole === 'admin' && !technician.admin) return 'only administrators may read the transcript of this console'
  return sinceFor(name) ?? 'it is not known yet since when you have this console: the disk of the device cannot be read'
}
