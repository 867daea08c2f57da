/** Whether SSH gets through in both directions: some networks let a greeting pass, and then break the connection. */
import type { Duplex } from 'node:stream'
import { settled } from '../runtime/waiting.ts'

/** An identification string, after it what follows (RFC 4253, section 4.2). */
const MORE_THAN_A_GREETING = /(?:^|\n)SSH-[^\n]*\n./s

/**
 * A server begins the key exchange at once when it has our greeting.
 * @param stream paused, with the greeting in it
 * @returns false where the connection ends before anything follows the greeting, or when `signal` is aborted; what was read is
 *   in the stream again, which is paused
 */
export async function getsThrough(stream: Duplex, signal: AbortSignal): Promise<boolean> {
  let bytes = Buffer.alloc(0)
  let hear = (_: Buffer) => {}
  let end = () => {}
  const does = await settled<boolean>(signal, false, settle => {
    hear = part => {
      bytes = Buffer.concat([bytes, part])
      if (MORE_THAN_A_GREETING.test(bytes.toString('latin1'))) settle(true)
    }
    end = () => settle(false)
    for (const event of ['end', 'close', 'error']) stream.once(event, end)
    stream.on('data', hear)
    if (stream.destroyed) end()
  })
  stream.off('data', hear).pause()
  for (const event of ['end', 'close', 'error']) stream.off(event, end)
  if (bytes.length > 0 && !stream.readableEnded && !stream.destroyed) stream.unshift(bytes)
  return does
}
