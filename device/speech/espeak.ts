/** eSpeak NG: how it is asked, by the build for the recordings and by the device for addresses and names. */
import type { Sentence } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'

export const ESPEAK = 'espeak-ng'

/** Words a minute: slower than its default of 175, for people who write down what they hear. */
const WORDS_A_MINUTE = 145

/** The text comes on standard input: no name of a network is taken for an option. */
export function espeakArguments(language: Language, file: string): string[] {
  return ['-v', language === 'ja' ? 'ja' : 'en-us', '-s', String(WORDS_A_MINUTE), '-b', '1', '--stdin', '-w', file]
}

/** It reads kana and not kanji, letter by letter: the particles は and へ, at the end of a word here, are わ and え. */
export function espeakText({ text, kana }: Sentence): string {
  if (kana === undefined) return `${text}\n`
  return `${kana.replace(/は(?=[\s、。]|$)/g, 'わ').replace(/へ(?=[\s、。]|$)/g, 'え')}\n`
}
