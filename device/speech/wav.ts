/** Sound as voices write it and sound cards take it: WAV with one channel of PCM (RFC 2361 section 3.1); pure. */

export interface Sound {
  sampleRate: number
  samples: Int16Array
}

const HEADER_BYTES = 44
/** WAVE_FORMAT_PCM. */
const PCM = 1
/** Seconds between two parts. */
const PAUSE_S = 0.3

/** @throws Error where it is no such WAV */
export function readWav(bytes: Buffer): Sound {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('it is no WAV file')
  let format: { sampleRate: number; bits: number } | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const body = bytes.subarray(at + 8, at + 8 + size)
    if (kind === 'fmt ' && body.length >= 16) {
      format = { sampleRate: body.readUInt32LE(4), bits: body.readUInt16LE(14) }
      if (body.readUInt16LE(0) !== PCM || body.readUInt16LE(2) !== 1 || ![8, 16].includes(format.bits))
        throw new Error('it is not one channel of 8-bit or 16-bit samples')
    }
    if (kind === 'data' && format !== undefined) {
      const { sampleRate, bits } = format
      // 8-bit samples have no sign.
      if (bits === 8) return { sampleRate, samples: Int16Array.from(body, byte => (byte - 128) * 256) }
      return { sampleRate, samples: Int16Array.from({ length: body.length >> 1 }, (_, i) => body.readInt16LE(2 * i)) }
    }
    // Chunks begin at even offsets.
    at += 8 + size + (size % 2)
  }
  throw new Error('it has no samples')
}

export function writeWav({ sampleRate, samples }: Sound, bits: 8 | 16 = 16): Buffer {
  const size = (samples.length * bits) / 8
  const wav = Buffer.alloc(HEADER_BYTES + size + (size % 2))
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(PCM, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(sampleRate, 24)
  wav.writeUInt32LE((sampleRate * bits) / 8, 28)
  wav.writeUInt16LE(bits / 8, 32)
  wav.writeUInt16LE(bits, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(size, 40)
  for (const [i, sample] of samples.entries()) {
    if (bits === 8) wav.writeUInt8(Math.min(255, Math.round(sample / 256) + 128), HEADER_BYTES + i)
    else wav.writeInt16LE(sample, HEADER_BYTES + 2 * i)
  }
  return wav
}

/** At half the rate, each sample the mean of two. */
export function halved({ sampleRate, samples }: Sound): Sound {
  const mean = (i: number) => ((samples[2 * i] ?? 0) + (samples[2 * i + 1] ?? 0)) >> 1
  return { sampleRate: sampleRate / 2, samples: Int16Array.from({ length: samples.length >> 1 }, (_, i) => mean(i)) }
}

/** One after the other, with pauses. @throws Error where they have different rates, or there are none */
export function joined(parts: readonly Sound[]): Sound {
  const [first] = parts
  if (first === undefined) throw new Error('there is nothing to join')
  const { sampleRate } = first
  if (parts.some(part => part.sampleRate !== sampleRate)) throw new Error('the parts have different sample rates')
  const pause = Math.round(sampleRate * PAUSE_S)
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.samples.length + pause, 0))
  let at = 0
  for (const part of parts) {
    samples.set(part.samples, at)
    at += part.samples.length + pause
  }
  return { sampleRate, samples }
}

/** @param volume percent of what it is, 100 at most */
export function scaled({ sampleRate, samples }: Sound, volume: number): Sound {
  return { sampleRate, samples: samples.map(sample => Math.trunc((sample * volume) / 100)) }
}

export function lengthMs({ sampleRate, samples }: Sound): number {
  return Math.round((samples.length / sampleRate) * 1000)
}
