/** The text on the card about signed settings documents, `oobm-settings.txt`, for field staff; pure. */
import type { SettingsOutcome } from '../../formats/settings-record.ts'
import { printable } from '../../runtime/printable.ts'
import { type BoardFacts, describeBoard } from './notes.ts'

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
const TEXTS: Record<Fate, { became: string; todo: readonly string[] }> = {
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

export function settingsNote(documents: readonly CardDocument[], board: BoardFacts): string {
  const parts = documents.flatMap(({ file, serial, fate, detail }) => {
    const { became, todo } = TEXTS[fate]
    const why = detail.split('\n').map(line => printable(line.trim()))
    return [
      `${file}${serial === null ? '' : ` (settings number ${serial})`}`,
      `  ${became}`,
      ...(detail === '' ? [] : ['', '  WHY', ...why.map(line => `    ${line}`)]),
      '',
      '  WHAT TO DO',
      ...todo.map(line => `    ${line}`),
      '',
    ]
  })
  const marks = documents.map(({ digest, file, fate }) => `document ${digest} ${file} ${fate}`)
  return `${[...parts, ...marks, ...describeBoard(board)].join('\n')}\n`
}

/** The documents that a text is about: the card itself says what was on it at an earlier start. */
export function documentsIn(note: string): Pick<CardDocument, 'digest' | 'file' | 'fate'>[] {
  return [...note.matchAll(/^document ([0-9a-f]{64}) (\S{1,100}) ([a-z-]+)\r?$/gm)].flatMap(([, digest, file, fate]) =>
    digest && file && fate && Object.hasOwn(TEXTS, fate) ? [{ digest, file, fate: fate as Fate }] : [],
  )
}
