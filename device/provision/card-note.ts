/** The text on the card about signed settings documents, `oobm-settings.txt`, for field staff; pure. */
import type { Language } from '../../formats/languages.ts'
import type { SettingsOutcome } from '../../formats/settings-record.ts'
import { printable } from '../../runtime/printable.ts'
import { type BoardFacts, describeBoard, inBothLanguages } from './notes.ts'

export const SETTINGS_NOTE = 'oobm-settings.txt'

/** What is known of a document: what `oobm-apply` says, or less. */
export type Fate = SettingsOutcome['result'] | 'waiting' | 'not-handed-over'

export interface CardDocument {
  /** Its name on the card. */
  file: string
  /** SHA-256, hexadecimal. */
  digest: string
  fate: Fate
  serial: number | null
  /** Why, as sentences. */
  detail: string
}

/** What became of it, and what whoever stands at the device is to do. */
type Texts = Record<Fate, { became: string; todo: readonly string[] }>

const ENGLISH: Texts = {
  waiting: {
    became: 'The device has read it, and has not decided yet.',
    todo: ['Leave the device on for ten minutes. If this text is the same then, send it to the operator.'],
  },
  'not-handed-over': {
    became: 'The device could not check it, and keeps the settings that it had.',
    todo: ['Switch the device off and on. If this text is here again, send it to the operator.'],
  },
  refused: {
    became: 'The device did not take it. Nothing was changed: it keeps the settings that it had.',
    todo: [
      '1. Send this text to the operator, and ask for a correct document.',
      '   (A document is signed: whoever edits it makes it worthless.)',
      '2. Copy the correct document onto this card in place of this one.',
      '3. Eject the card, put it back into the device, and switch it on.',
    ],
  },
  'in-force': { became: 'The device took it: all of it is in force.', todo: ['Nothing.'] },
  partly: {
    became: 'The device took who may log in. It refused the rest, and keeps the other settings that it had.',
    todo: ['Send this text to the operator, and ask for a correct document.'],
  },
  trial: {
    became: 'The device took it, and tries how it connects. It goes back if nobody could reach it so.',
    todo: ['Leave the device on, with its network plugged in, until its LED shows that it works.'],
  },
  confirmed: {
    became: 'The device took it. It can be reached with the new settings, and keeps them.',
    todo: ['Nothing.'],
  },
  undone: {
    became: 'The device tried it, and could not be reached so. How it connects is as it was before.',
    todo: ['Send this text to the operator, and ask for a correct document.'],
  },
}

const JAPANESE: Texts = {
  waiting: {
    became: '装置が読み込みました。結果はまだ決まっていません。',
    todo: ['電源を入れたまま10分お待ちください。この文章が変わらない場合は、運用担当者に送ってください。'],
  },
  'not-handed-over': {
    became: '装置が確認できませんでした。設定はこれまでのままです。',
    todo: ['電源を入れ直してください。この文章が再び現れた場合は、運用担当者に送ってください。'],
  },
  refused: {
    became: '装置は受け付けませんでした。何も変更していません。設定はこれまでのままです。',
    todo: [
      '1. この文章を運用担当者に送り、正しいファイルをもらってください。',
      '   （署名があるため、書き換えたファイルは使えません。）',
      '2. 正しいファイルを、このカードのファイルに上書きしてください。',
      '3. カードを取り出して装置に戻し、電源を入れてください。',
    ],
  },
  'in-force': { became: '装置が受け付けました。すべて有効です。', todo: ['作業は必要ありません。'] },
  partly: {
    became: '誰がログインできるかは、受け付けました。そのほかは受け付けず、これまでの設定のままです。',
    todo: ['この文章を運用担当者に送り、正しいファイルをもらってください。'],
  },
  trial: {
    became: '装置が受け付け、新しい接続方法を試しています。外から入れない場合は、元に戻ります。',
    todo: ['LEDが正常を示すまで、電源とネットワークをつないだままにしてください。'],
  },
  confirmed: {
    became: '装置が受け付けました。新しい設定で外から入れることを確認しました。',
    todo: ['作業は必要ありません。'],
  },
  undone: {
    became: '装置が試しましたが、外から入れませんでした。接続方法は元に戻しました。',
    todo: ['この文章を運用担当者に送り、正しいファイルをもらってください。'],
  },
}

interface Words {
  number: string
  why: string
  todo: string
}

const WORDS: Record<Language, Words & { texts: Texts }> = {
  en: { number: 'settings number', why: 'WHY', todo: 'WHAT TO DO', texts: ENGLISH },
  ja: { number: '設定番号', why: '■ 理由（英語）', todo: '■ 次にすること', texts: JAPANESE },
}

/** @param first the language of the site */
export function settingsNote(documents: readonly CardDocument[], board: BoardFacts, first: Language): string {
  const both = inBothLanguages(first, { en: linesIn('en', documents), ja: linesIn('ja', documents) })
  const marks = documents.map(({ digest, file, fate }) => `document ${digest} ${file} ${fate}`)
  return `${[...both, ...marks, ...describeBoard(board)].join('\n')}\n`
}

/** Why is the device's own sentence, for the operator: English in both. */
function linesIn(language: Language, documents: readonly CardDocument[]): string[] {
  const { number, why, todo, texts } = WORDS[language]
  return documents.flatMap(({ file, serial, fate, detail }) => [
    `${file}${serial === null ? '' : ` (${number} ${serial})`}`,
    `  ${texts[fate].became}`,
    ...(detail === '' ? [] : ['', `  ${why}`, ...detail.split('\n').map(line => `    ${printable(line.trim())}`)]),
    '',
    `  ${todo}`,
    ...texts[fate].todo.map(line => `    ${line}`),
    '',
  ])
}

/** The documents that a text is about: the card itself says what was on it at an earlier start. */
export function documentsIn(note: string): Pick<CardDocument, 'digest' | 'file' | 'fate'>[] {
  return [...note.matchAll(/^document ([0-9a-f]{64}) (\S{1,100}) ([a-z-]+)\r?$/gm)].flatMap(([, digest, file, fate]) =>
    digest && file && fate && Object.hasOwn(ENGLISH, fate) ? [{ digest, file, fate: fate as Fate }] : [],
  )
}
