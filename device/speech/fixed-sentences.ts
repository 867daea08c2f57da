/** The sentences that are recorded when the package is built: what each state means, what to do, and a few beside them. */
import { type FieldState, fieldSentences, type Sentence } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'
import { STATE_NAMES } from '../../formats/states.ts'

/** Before an address, by the kind of its interface; `wifi-name` stands before the name of the network. */
const BESIDE = {
  en: {
    lost: { text: 'The connection is lost. The device tries again by itself.' },
    'wifi-name': { text: 'Wi-Fi network:' },
    'address-wired': { text: 'Address of the wired port:' },
    'address-wifi': { text: 'Address on Wi-Fi:' },
    'address-modem': { text: 'Address of the modem:' },
  },
  ja: {
    lost: {
      text: '接続が切れました。装置が自動で再接続しています。',
      kana: 'せつぞくが きれました。そうちが じどうで さいせつぞく して います。',
    },
    'wifi-name': { text: 'Wi-Fiの名前は、', kana: 'ワイファイの なまえは、' },
    'address-wired': { text: '有線ポートのアドレスは、', kana: 'ゆうせん ポートの アドレスは、' },
    'address-wifi': { text: 'Wi-Fiのアドレスは、', kana: 'ワイファイの アドレスは、' },
    'address-modem': { text: 'モデムのアドレスは、', kana: 'モデムの アドレスは、' },
  },
} as const satisfies Record<Language, Record<string, Sentence>>

export type FixedName = keyof (typeof BESIDE)['en'] | FieldState | `${FieldState}-remedy`

const FIELD_STATES: readonly FieldState[] = [...STATE_NAMES, 'not-running']

/** Each by the name of its file. */
export function fixedSentences(language: Language): Record<FixedName, Sentence> {
  const ofStates = FIELD_STATES.flatMap(state => {
    const { meaning, remedy } = fieldSentences(state, language)
    return [
      [state, meaning],
      [`${state}-remedy`, remedy],
    ]
  })
  return { ...BESIDE[language], ...Object.fromEntries(ofStates) }
}
