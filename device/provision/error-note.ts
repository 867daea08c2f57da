/** The text on the card when a file cannot be used, `oobm-error.txt`, for field staff; pure, and without secrets. */
import type { Language } from '../../formats/languages.ts'
import type { ConfigurationIssue } from '../../runtime/errors.ts'
import { type BoardFacts, describeBoard, inBothLanguages } from './notes.ts'

export const ERROR_NOTE = 'oobm-error.txt'

export interface Fault {
  /** The file that cannot be used; empty when there is none. */
  file: string
  issues: readonly ConfigurationIssue[]
}

/** One line, for `oobm status` and `oobm doctor`. */
export function describeFault({ file, issues }: Fault): string {
  const [first, ...more] = issues
  if (first === undefined) return `${file} cannot be used`
  const where = [first.line === undefined ? '' : `line ${first.line}`, first.key].filter(part => part !== '').join(', ')
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
  const about = file === '' ? 'the boot partition' : `${file} on the boot partition`
  return `${about}: ${[where, first.message].filter(part => part !== '').join(': ')}${rest}; ${ERROR_NOTE} beside it says what to do`
}

export function errorNote(fault: Fault, board: BoardFacts, first: Language): string {
  const texts = { en: english(fault, board), ja: japanese(fault, board) }
  return `${[...inBothLanguages(first, texts), '', ...describeBoard(board)].join('\n')}\n`
}

function english({ file, issues }: Fault, board: BoardFacts): string[] {
  const goesOn =
    board.device === undefined
      ? 'It has no settings yet, so nobody can reach it.'
      : `Nothing was changed: it goes on as "${board.device}", with the settings that it had.`
  const head =
    file === '' ? 'This device found no settings that it can use.' : `This device cannot use the file ${file}.`
  return [
    ...[head, goesOn, '', 'WHAT IS WRONG', ...issues.map(describeIssue), '', 'WHAT TO DO'],
    ...(file === ''
      ? [
          '  1. Ask the operator for the file of this device.',
          '  2. Copy it onto this card, beside this text, as oobm.toml.',
        ]
      : [
          '  1. Send this text to the operator, and ask for a correct file. (Do not send the file',
          `     ${file} itself by e-mail: there are keys in it.)`,
          `  2. Copy the correct file onto this card in place of ${file}.`,
          '     Or, if you know what is meant: open it with a plain text editor (Windows: Notepad),',
          '     correct the lines above, and save it.',
        ]),
    '  3. Eject the card, put it back into the device, and switch it on.',
    '  When the file is right, this text is gone and oobm-imported.txt is there in its place.',
  ]
}

/** What is wrong stays English: it is for the operator, who looks for these words. */
function japanese({ file, issues }: Fault, board: BoardFacts): string[] {
  const goesOn =
    board.device === undefined
      ? 'まだ設定がないため、誰もこの装置に接続できません。'
      : `何も変更していません。「${board.device}」として、これまでの設定のまま動いています。`
  const head = file === '' ? '使用できる設定が見つかりません。' : `ファイル ${file} を使用できません。`
  return [
    ...[head, goesOn, '', '■ 問題の内容（運用担当者に伝えるため、英語のままです）', ...issues.map(describeIssue)],
    ...['', '■ 次にすること'],
    ...(file === ''
      ? [
          '  1. この装置用のファイルを、運用担当者からもらってください。',
          '  2. そのファイルを、このカードに oobm.toml という名前でコピーしてください。',
        ]
      : [
          '  1. この文章を運用担当者に送り、正しいファイルをもらってください。',
          `     （${file} には鍵が入っています。メールで送らないでください。）`,
          `  2. 正しいファイルを、このカードの ${file} に上書きしてください。`,
          '     直し方が分かる場合は、メモ帳で開き、上の行を直して保存しても構いません。',
        ]),
    '  3. カードを取り出して装置に戻し、電源を入れてください。',
    '  正しいファイルになると、この文章は消え、代わりに oobm-imported.txt が現れます。',
  ]
}

function describeIssue({ line, key, message }: ConfigurationIssue): string {
  const where = [line === undefined ? '' : `line ${line}`, key].filter(part => part !== '').join(', ')
  return `  - ${where === '' ? '' : `${where}: `}${message}`
}
