/** Lines of vsftpd's log (vsftpd.conf(5), `log_ftp_protocol`) → what its sessions do, each known by its process; pure. */

/** Where the next data connection of a session is: at a port of ours, to which the client connects, or at one of the client's. */
export interface DataPort {
  end: 'local' | 'peer'
  port: number
}

export type FtpEvent = { pid: number; who: string } & (
  | { kind: 'data-port'; at: DataPort }
  | /** The next download begins at this byte. */ { kind: 'restart'; offset: number }
  | /** A client asked for it: whether it gets it is not said yet. */ {
      kind: 'asked'
      what: 'took' | 'put'
      file: string
    }
  | { kind: 'begun'; size: number | null }
  | /** `bytes` is null where it never began. */ {
      kind: 'ended'
      what: 'took' | 'put'
      file: string
      isDone: boolean
      bytes: number | null
    }
)

/** `Fri Nov 27 03:00:00 2026 [pid 12] [ftp] OK DOWNLOAD: Client "10.0.0.2", "/a.bin", 12 bytes, 1.00Kbyte/sec`. */
const LINE =
  /\[pid (\d{1,9})\] (?:\[[^\]]*\] )?(OK UPLOAD|FAIL UPLOAD|OK DOWNLOAD|FAIL DOWNLOAD|FTP command|FTP response): Client "(?:::ffff:)?([0-9a-f.:]+)", "(.*)$/
/** The end of a result: of one that never began, the length is missing. A name may have quotes in it. */
const RESULT = /^(.*)"(?:, (\d+) bytes)?, [0-9.]+Kbyte\/sec$/
const COMMAND = /^(RETR|STOR|STOU|APPE) ?(.*)"$/
const RESTART = /^REST (\d{1,15})"$/
/** RFC 959 and RFC 2428: the client is told a port, or tells one. A port of RFC 959 is two bytes. */
const PORTS = {
  'FTP response': { end: 'local', two: /^227 .*\((?:\d+,){4}(\d+),(\d+)\)/, one: /^229 .*\(\|\|\|(\d+)\|\)/ },
  'FTP command': { end: 'peer', two: /^PORT (?:\d+,){4}(\d+),(\d+)"$/, one: /^EPRT \|1\|[0-9.]+\|(\d+)\|"$/ },
} as const
const OPENING = /^150 (?:.*\((\d+) bytes\)\.|Ok to send data\.)"$/

/** @returns undefined for all other lines */
export function ftpEvent(line: string): FtpEvent | undefined {
  const [, pid = '', kind = '', who = '', rest = ''] = LINE.exec(line) ?? []
  const session = { pid: Number(pid), who }
  const at = dataPort(kind, rest)
  if (at !== undefined) return { ...session, kind: 'data-port', at }
  if (kind === 'FTP command') {
    const [, offset] = RESTART.exec(rest) ?? []
    if (offset !== undefined) return { ...session, kind: 'restart', offset: Number(offset) }
    const [, verb, path = ''] = COMMAND.exec(rest) ?? []
    return verb === undefined
      ? undefined
      : { ...session, kind: 'asked', what: verb === 'RETR' ? 'took' : 'put', file: nameOf(path) }
  }
  if (kind === 'FTP response') {
    const opening = OPENING.exec(rest)
    return opening
      ? { ...session, kind: 'begun', size: opening[1] === undefined ? null : Number(opening[1]) }
      : undefined
  }
  const [, path, bytes] = RESULT.exec(rest) ?? []
  if (path === undefined) return undefined
  const [outcome, verb] = kind.split(' ')
  const facts = { what: verb === 'UPLOAD' ? 'put' : 'took', file: nameOf(path), isDone: outcome === 'OK' } as const
  return { ...session, kind: 'ended', ...facts, bytes: bytes === undefined ? null : Number(bytes) }
}

function dataPort(kind: string, rest: string): DataPort | undefined {
  if (kind !== 'FTP response' && kind !== 'FTP command') return undefined
  const { end, two, one } = PORTS[kind]
  const [, high, low] = two.exec(rest) ?? []
  if (high !== undefined) return { end, port: Number(high) * 256 + Number(low) }
  const [, port] = one.exec(rest) ?? []
  return port === undefined ? undefined : { end, port: Number(port) }
}

/** A session says the path within its own root, or as the client typed it. */
function nameOf(path: string): string {
  return path.replace(/^\/+/, '')
}
