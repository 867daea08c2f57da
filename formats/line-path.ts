/** Lines that are not serial ports of the device: the path of such a console, `telnet://HOST:PORT` and the like. Pure. */
import * as z from 'zod'
import { hostSchema } from './names.ts'

/**
 * Kinds that are reached over the network, by the scheme of their path; what is shown in the place of speed and framing where
 * they have none.
 */
const NETWORK_LINES = {
  /** A terminal server (RFC 854), which has the serial port. */
  telnet: { settings: 'speed of the server' },
  /** A serial port over the network. */
  rfc2217: { settings: undefined },
} as const

/** The kind whose command only root's own file may have. */
const EXEC_SCHEME = 'exec'

export type LinePath =
  | { kind: keyof typeof NETWORK_LINES; host: string; port: number }
  /** `command` is empty where only the device knows it. */
  | { kind: typeof EXEC_SCHEME; command: string }

/** Of a command: what a terminal obeys has no place in it, nor has a line end. */
const COMMAND = /^[^\p{C}\p{Zl}\p{Zp}]{0,1000}$/u

/** Schemes of the lines that the program `oobm-line` has. */
export const LINE_PROGRAM_SCHEMES: readonly string[] = [...Object.keys(NETWORK_LINES), EXEC_SCHEME]

/** @returns undefined for a path of any other kind, or of another form */
export function parseLinePath(path: string): LinePath | undefined {
  const scheme = path.slice(0, path.indexOf(':'))
  if (scheme === EXEC_SCHEME) {
    const command = path.slice(EXEC_SCHEME.length + 1).trim()
    return COMMAND.test(command) ? { kind: EXEC_SCHEME, command } : undefined
  }
  if (!isNetworkKind(scheme)) return undefined
  const [, bracketed, plain, digits = ''] = /^\w+:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^/:@[\]]+)):(\d{1,5})$/.exec(path) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (!hostSchema.safeParse(host).success || port < 1 || port > 65_535) return undefined
  return { kind: scheme, host, port }
}

/** Why a path with one of these schemes is none; undefined for any other path. */
export function linePathProblem(path: string): string | undefined {
  const scheme = path.slice(0, path.indexOf(':'))
  if (isNetworkKind(scheme)) {
    const isBareIpv6 = /^\w+:\/\/[0-9a-f]*:[0-9a-f:]*:/i.test(path)
    const address = isBareIpv6 ? '[2001:db8::7]' : '192.0.2.7'
    return `must be ${scheme}://HOST:PORT, such as ${scheme}://${address}:4001`
  }
  if (scheme === EXEC_SCHEME) return 'must be exec: and a command of up to 1000 printable characters'
  if (!path.includes('://')) return undefined
  return `is of no known kind: ${Object.keys(NETWORK_LINES)
    .map(kind => `${kind}://HOST:PORT`)
    .join(', ')}, ${EXEC_SCHEME}:, or a device file`
}

export const linePathSchema = z.string().refine(path => parseLinePath(path) !== undefined)

/** What is shown in the place of speed and framing; undefined where the line has them. */
export function withoutSettings(path: string): string | undefined {
  const line = parseLinePath(path)
  if (line === undefined) return undefined
  return line.kind === EXEC_SCHEME ? 'a command' : NETWORK_LINES[line.kind].settings
}

/** The path as people see it: of a command the program alone, as the rest may be long, and none of their business. */
export function shownPath(path: string): string {
  const command = commandOf(path)
  return command === undefined ? path : `${EXEC_SCHEME}:${command.split(/\s+/, 1)[0]}`
}

/** The command in a path such as `exec:ssh 192.0.2.7`; undefined for any other kind. */
export function commandOf(path: unknown): string | undefined {
  const line = typeof path === 'string' ? parseLinePath(path) : undefined
  return line?.kind === EXEC_SCHEME ? line.command : undefined
}

function isNetworkKind(scheme: string): scheme is keyof typeof NETWORK_LINES {
  return Object.hasOwn(NETWORK_LINES, scheme)
}
