/** What the texts on the card for field staff have in common: two languages, and which board wrote them; pure. */
import type { Language } from '../../formats/languages.ts'
import { timeText } from '../../runtime/time-text.ts'

export interface BoardFacts {
  /** The board's serial number; undefined when it has none. */
  serial: string | undefined
  /** Version of this software. */
  version: string
  /** Milliseconds since 1970, by a clock that may be wrong. */
  wallMs: number
  /** Name of the device, when it has settings. */
  device: string | undefined
}

/** Where the other language is: who cannot read the first must not stop at it. */
const BELOW: Record<Language, string> = { en: '(English: see below.)', ja: '（日本語は下にあります。）' }
const RULE = '='.repeat(60)

/** @param first the language of the site */
export function inBothLanguages(first: Language, texts: Record<Language, readonly string[]>): string[] {
  const second = first === 'ja' ? 'en' : 'ja'
  return [BELOW[second], '', ...texts[first], '', RULE, '', ...texts[second]]
}

export function describeBoard({ serial, version, wallMs, device }: BoardFacts): string[] {
  return [
    `device ${device ?? '(none yet)'}, board ${serial ?? 'without a serial number'}, software ${version},`,
    `written at ${timeText(wallMs)} by the device's clock, which may be wrong`,
  ]
}
