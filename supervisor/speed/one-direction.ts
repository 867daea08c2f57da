/** Bytes in one direction through a command of the relay, bounded in bytes and time: when how many had passed. */
import { finished } from 'node:stream'
import { DEVICE_COMMANDS } from '../../formats/control-protocol.ts'
import type { Clock } from '../../runtime/clock.ts'
import { settled } from '../../runtime/waiting.ts'
import type { Connection, Execution } from '../ssh/connection.ts'
import { readLines } from '../tunnel/read-lines.ts'
import { mayBeUnderway, type Sample } from './settled-rate.ts'

export type Direction = 'up' | 'down'

/** `unknown`: the relay has an older oobm-device-command. */
export type Passed = { ok: true; samples: Sample[] } | { ok: false; kind: 'unknown' | 'failed'; cause: string }

/** What oobm-device-command exits with for a command that it does not know. */
const USAGE = 64
/** Bytes written at once. */
const PART = Buffer.alloc(8_192)

/** @param signal ends it: what has passed by then counts */
export async function moveBytes(
  connection: Connection,
  direction: Direction,
  bytesMax: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Passed> {
  const started = await connection.exec(DEVICE_COMMANDS.speed(direction), signal)
  if (!started.ok) return { ok: false, kind: 'failed', cause: started.cause }
  const { stream } = started.value
  stream.on('error', () => {})
  try {
    const samples = await (direction === 'up' ? send : receive)(started.value, bytesMax, clock, signal)
    if (samples.length > 0) return { ok: true, samples }
    if (signal.aborted) return { ok: false, kind: 'failed', cause: 'nothing passed in time' }
    const code = await settled<number | undefined>(signal, undefined, settle => {
      void started.value.exited.then(settle)
    })
    return code === USAGE
      ? { ok: false, kind: 'unknown', cause: 'the relay does not know this command' }
      : {
          ok: false,
          kind: 'failed',
          cause: `the relay ended the command${code === undefined ? '' : ` with code ${code}`}`,
        }
  } finally {
    stream.destroy()
  }
}

function receive({ stream }: Execution, bytesMax: number, clock: Clock, signal: AbortSignal): Promise<Sample[]> {
  const startMs = clock.nowMs()
  const samples: Sample[] = []
  let bytes = 0
  return settled(signal, samples, settle => {
    stream.on('data', (part: Buffer) => {
      bytes += part.length
      samples.push({ ms: clock.nowMs() - startMs, bytes })
      if (bytes >= bytesMax) settle(samples)
    })
    finished(stream, { writable: false }, () => settle(samples))
  })
}

/** What counts is what the relay says it got: this end’s buffers take megabytes at once. */
async function send({ stream }: Execution, bytesMax: number, clock: Clock, signal: AbortSignal): Promise<Sample[]> {
  const startMs = clock.nowMs()
  const samples: Sample[] = []
  const lines = readLines(stream)
  let sent = 0
  const fill = () => {
    const { ms, bytes } = samples.at(-1) ?? { ms: 0, bytes: 0 }
    const until = Math.min(bytesMax, bytes + mayBeUnderway({ ms, bytes }))
    for (; sent < until && !stream.destroyed; sent += PART.length) stream.write(PART)
  }
  fill()
  for (;;) {
    const line = await lines.next(signal)
    if (line === undefined) return samples
    const bytes = /^got (\d{1,9})$/.exec(line)?.[1]
    // A login's shell may print something first.
    if (bytes === undefined) continue
    samples.push({ ms: clock.nowMs() - startMs, bytes: Number(bytes) })
    if (Number(bytes) >= bytesMax) return samples
    fill()
  }
}
