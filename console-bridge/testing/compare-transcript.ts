/** Compares what a transcript has with what the target sent: byte for byte, outside the gaps that it marks. */
import { bytesOf } from '../transcript/output-text.ts'
import { isOutput, parseEvent, type TranscriptRecord } from '../transcript/record.ts'

/** Output without a mark in it. `after`: the mark before it. */
interface Stretch {
  after: TranscriptRecord | undefined
  pieces: Buffer[]
}

/** Bytes by which a place is found again after a gap of unknown size. */
const PROBE_BYTES = 256

export interface Comparison {
  /** Bytes that are in the transcript. */
  equal: number
  /** Bytes that are missing, for each mark: what it is, how many, and whether the mark says so. */
  missing: { mark: string; from: number; bytes: number; isCounted: boolean }[]
}

/**
 * @param isWhole false where the oldest part was dropped: the first output may be from anywhere
 * @throws where the transcript has anything else than what was sent
 */
export async function compareTranscript(
  records: AsyncIterable<TranscriptRecord>,
  sent: Buffer,
  isWhole = true,
): Promise<Comparison> {
  const missing: Comparison['missing'] = []
  let equal = 0
  let at = 0
  for (const { after, pieces } of await stretchesOf(records)) {
    const output = Buffer.concat(pieces)
    const mark = after ? `${after.kind} ${parseEvent(after.text).what}` : 'begin'
    const known = after?.kind === 'gap' ? Number(parseEvent(after.text).fields.bytes) : Number.NaN
    if (output.length === 0 && Number.isNaN(known)) continue
    const isFree = Number.isNaN(known) && (after !== undefined || !isWhole)
    const found = isFree ? sent.indexOf(output.subarray(0, PROBE_BYTES), at) : at + (Number.isNaN(known) ? 0 : known)
    if (found < 0) throw new Error(`after ${mark}: nothing from ${at} on is ${shown(output)}`)
    if (found > at) missing.push({ mark, from: at, bytes: found - at, isCounted: !Number.isNaN(known) })
    const expected = sent.subarray(found, found + output.length)
    if (!expected.equals(output)) throw new Error(`after ${mark}, ${difference(expected, output, found)}`)
    equal += output.length
    at = found + output.length
  }
  if (at < sent.length) missing.push({ mark: 'end', from: at, bytes: sent.length - at, isCounted: false })
  return { equal, missing }
}

/** A known gap is a mark, and so is everything at which output may be lost without a count. */
async function stretchesOf(records: AsyncIterable<TranscriptRecord>): Promise<Stretch[]> {
  const stretches: Stretch[] = [{ after: undefined, pieces: [] }]
  for await (const record of records) {
    if (isOutput(record)) stretches.at(-1)?.pieces.push(bytesOf(record.text))
    else if (isMark(record)) stretches.push({ after: record, pieces: [] })
  }
  return stretches
}

function isMark({ kind, text }: TranscriptRecord): boolean {
  const { what } = parseEvent(text)
  return kind === 'gap' || (kind === 'line' && what === 'closed') || (kind === 'bridge' && what === 'stopped')
}

function difference(expected: Buffer, output: Buffer, from: number): string {
  const at = output.findIndex((byte, index) => byte !== expected[index])
  return `byte ${from + at} differs: sent ${shown(expected.subarray(at))}, recorded ${shown(output.subarray(at))}`
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 60).toString('latin1'))
}
