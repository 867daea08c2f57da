/** How lrzsz is called to send a file, and what it says of its progress. Pure. */
import type { Protocol } from './receive-files.ts'

export interface SendKind {
  protocol: Protocol
  /** XMODEM with blocks of 1024 bytes; YMODEM always has them. */
  isLong: boolean
}

/** @param file its name in the working directory, which YMODEM tells the target */
export function lrzszCommand({ protocol, isLong }: SendKind, file: string): [string, ...string[]] {
  if (protocol === 'ymodem') return ['sb', '-vv', `./${file}`]
  return ['sx', '-vv', ...(isLong ? ['-k'] : []), `./${file}`]
}

/** @param said the newest output. @returns bytes that the target confirmed */
export function sentBytesOf(said: string): number | undefined {
  const last = [...said.matchAll(/sectors\/kbytes sent: *(\d+)\//g)].at(-1)
  return last && Number(last[1]) * 128
}

/** The last line in which lrzsz does not count. */
export function lastWordsOf(said: string): string | undefined {
  const lines = said.split(/[\r\n]+/).map(line => line.replace(/[^\x20-\x7e]/g, '').trim())
  const isWord = (line: string) => line !== '' && !/ sent:|^Sending|^Give your local/i.test(line)
  return lines.filter(isWord).at(-1)
}
