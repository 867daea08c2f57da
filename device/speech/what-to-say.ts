/** What is said when one situation follows another; pure. */
import type { FieldState, Sentence } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'
import { STATES } from '../../formats/states.ts'
import type { FixedName } from './fixed-sentences.ts'

export type AddressKind = 'wired' | 'wifi' | 'modem'

export interface Situation {
  state: FieldState
  /** Name of the Wi-Fi network; undefined without one. */
  wifi: string | undefined
  /** IPv4, as dotted decimals. */
  addresses: readonly { kind: AddressKind; address: string }[]
}

/** A recorded sentence by its name, or one that a voice has to make now. */
export type Part = FixedName | Sentence

/**
 * @param before what was said last; undefined says everything
 * @returns nothing where nothing changed
 */
export function whatToSay(before: Situation | undefined, now: Situation, language: Language): Part[] {
  const isState = before?.state !== now.state
  const isNetwork = networkOf(before) !== networkOf(now)
  const isLost = before !== undefined && isConnected(before.state) && !isConnected(now.state)
  return [
    ...(isNetwork ? network(now, language) : []),
    ...(isLost ? (['lost'] as const) : []),
    ...(isState ? ([now.state, `${now.state}-remedy`] as const) : []),
  ]
}

function network({ wifi, addresses }: Situation, language: Language): Part[] {
  return [
    ...(wifi === undefined ? [] : (['wifi-name', named(wifi, language)] as const)),
    ...addresses.flatMap(({ kind, address }): Part[] => [`address-${kind}`, addressInWords(address, language)]),
  ]
}

function networkOf(situation: Situation | undefined): string {
  return JSON.stringify([situation?.wifi, situation?.addresses ?? []])
}

/** Whether the tunnel stands, whatever else is missing. */
function isConnected(state: FieldState): boolean {
  return state !== 'not-running' && STATES[state].reach !== 'none'
}

/** A name is anybody's choice. eSpeak NG takes what is in double brackets for phonemes. */
function named(text: string, language: Language): Sentence {
  return { text: `${text.replace(/[[\]<>&]/g, ' ')}${language === 'ja' ? '。' : '.'}` }
}

const KANA_DIGITS = ['ゼロ', 'いち', 'に', 'さん', 'よん', 'ご', 'ろく', 'なな', 'はち', 'きゅう']

/** Digit by digit, as one reads an address to somebody who writes it down. */
export function addressInWords(address: string, language: Language): Sentence {
  if (language === 'en') return { text: `${[...address].map(one => (one === '.' ? 'dot,' : one)).join(' ')}.` }
  const kana = [...address].map(one => (one === '.' ? 'てん、' : (KANA_DIGITS[Number(one)] ?? one))).join(' ')
  return { text: `${address}。`, kana: `${kana}。` }
}
