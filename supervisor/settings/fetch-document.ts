/** Gets a signed document from the relay that offers it. Nothing in it is believed here: `oobm-apply` checks it. */
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { DEVICE_COMMANDS } from '../../formats/control-protocol.ts'
import type { SettingsOffer } from '../../formats/settings-delivery.ts'
import type { Clock } from '../../runtime/clock.ts'
import { settled, within } from '../../runtime/waiting.ts'
import type { Answer, Connection } from '../ssh/connection.ts'

/** Milliseconds for a document of 256 KiB at 20 kbit/s, and some: a modem's line carries the consoles, too. */
const FETCH_MS = 180_000

/**
 * Reads as many bytes as the offer names, whatever the relay sends, and checks that they are those.
 * @returns the document, or why there is none as part of a sentence
 */
export async function fetchDocument(
  connection: Connection,
  { digest, bytes }: Pick<SettingsOffer, 'digest' | 'bytes'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer<Buffer>> {
  const outcome = await within(
    FETCH_MS,
    [signal, connection.closed],
    async deadline => {
      const started = await connection.exec(DEVICE_COMMANDS.settings(digest), deadline)
      if (!started.ok) return undefined
      const { stream } = started.value
      try {
        return await readUpTo(stream, bytes, deadline)
      } finally {
        stream.on('error', () => {})
        stream.destroy()
      }
    },
    { clock },
  )
  if (outcome.kind !== 'done') return { ok: false, cause: 'the relay did not send the document in time' }
  if (outcome.value === undefined) return { ok: false, cause: 'the relay does not run the command for it' }
  if (createHash('sha256').update(outcome.value).digest('hex') === digest) return { ok: true, value: outcome.value }
  const got = outcome.value.length
  return { ok: false, cause: `the relay sent ${got} of ${bytes} bytes, which are not those of the document` }
}

/** The first bytes of a stream; fewer if it ends before. */
function readUpTo(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  return settled(signal, Buffer.alloc(0), settle => {
    const done = () => settle(Buffer.concat(parts).subarray(0, bytes))
    stream.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length >= bytes) done()
    })
    stream.once('end', done)
    stream.once('close', done)
    stream.once('error', done)
  })
}
