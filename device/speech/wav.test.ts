import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { halved, joined, lengthMs, readWav, scaled, writeWav } from './wav.ts'

const test = suite('WAV')
const SOUND = { sampleRate: 11_025, samples: Int16Array.of(0, 256, -256, 32_767, -32_768) }

test('is read as it was written, with 16 bits and with 8', () => {
  assert.equal(readWav(writeWav(SOUND)), SOUND)
  assert.equal([...readWav(writeWav(SOUND, 8)).samples], [0, 256, -256, 32_512, -32_768])
})

test('other chunks are skipped, and an end that is missing is no sample', () => {
  const wav = writeWav(SOUND)
  const odd = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1')
  assert.equal(readWav(Buffer.concat([wav.subarray(0, 36), odd, wav.subarray(36)])), SOUND)
  assert.equal([...readWav(wav.subarray(0, 44 + 5)).samples], [0, 256])
})

test('what is no such sound is refused', () => {
  const wav = writeWav(SOUND)
  const changed = (at: number, value: number) => Buffer.from(wav).fill(value, at, at + 1)
  const cases: [Buffer, RegExp][] = [
    [Buffer.from('OggS'), /no WAV/],
    [Buffer.alloc(0), /no WAV/],
    [changed(20, 3), /one channel/],
    [changed(22, 2), /one channel/],
    [changed(34, 24), /one channel/],
    [wav.subarray(0, 36), /no samples/],
  ]
  for (const [bytes, expected] of cases) assert.throws(() => readWav(bytes), expected)
})

test('is joined with pauses, halved and made quieter', () => {
  const whole = joined([SOUND, SOUND])
  assert.is(lengthMs(whole), Math.round(((10 + 2 * 3_308) / 11_025) * 1_000))
  assert.equal([...whole.samples.subarray(5 + 3_308, 10 + 3_308)], [...SOUND.samples])
  assert.throws(() => joined([SOUND, { ...SOUND, sampleRate: 48_000 }]), /different sample rates/)
  assert.equal(halved({ sampleRate: 22_050, samples: SOUND.samples }), {
    sampleRate: 11_025,
    samples: Int16Array.of(128, 16_255),
  })
  assert.equal([...scaled(SOUND, 50).samples], [0, 128, -128, 16_383, -16_384])
})

test.run()
