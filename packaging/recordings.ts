/** The fixed sentences of the voice, spoken by eSpeak NG when the package is built: a device starts no voice for them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ESPEAK, espeakArguments, espeakText } from '../device/speech/espeak.ts'
import { fixedSentences } from '../device/speech/fixed-sentences.ts'
import { halved, readWav, writeWav } from '../device/speech/wav.ts'
import { LANGUAGES } from '../formats/languages.ts'

/** Milliseconds for one of them, on a busy machine. */
const LIMIT_MS = 60_000

export interface Recording {
  /** `en/ready.wav` */
  path: string
  wav: Buffer
}

/**
 * Each with 11025 samples of 8 bits a second, like a telephone: a quarter of what eSpeak NG writes. The same version of eSpeak NG gives the same bytes.
 * @throws Error where it is not installed
 */
export function makeRecordings(): Recording[] {
  const scratch = mkdtempSync(join(tmpdir(), 'oobm-recordings-'))
  const file = join(scratch, 'part.wav')
  try {
    return LANGUAGES.flatMap(language =>
      Object.entries(fixedSentences(language)).map(([name, sentence]) => {
        execFileSync(ESPEAK, espeakArguments(language, file), { input: espeakText(sentence), timeout: LIMIT_MS })
        return { path: `${language}/${name}.wav`, wav: writeWav(halved(readWav(readFileSync(file))), 8) }
      }),
    )
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
