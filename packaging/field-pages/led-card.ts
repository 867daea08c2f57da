/** The LED card: every state with its pattern as a bar of time, what it means and what to do; one page. */
import { type FieldState, fieldSentences } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'
import { BAR_MS, ledBar } from '../../formats/led-picture.ts'
import { STATE_NAMES } from '../../formats/states.ts'
import { A4, a4Page, at, line, MARGIN, paragraph } from './sheet.ts'

const WORDS = {
  en: {
    title: 'LED card',
    intro: 'One LED shows whether a technician can get in from outside. Each bar is what the LED does in five seconds.',
    lit: 'lit',
    dark: 'dark',
    notes: [
      'After power on, wait three minutes. Until then the green LED of the board flickers irregularly: it shows accesses to the card.',
      'Two quick flashes that repeat are no state: the operator wants to show you which board it is.',
      'An LED with colours also is green: a technician can get in; yellow: in, but a console is missing; blue: switched off by the operator; red: nobody can get in yet.',
      'If the box has a button: a short press tests the connection now; 3 seconds switch its own Wi-Fi on, where it has one. Hold it for 10 seconds only when the operator asks you to.',
      'On the phone, say the name on the left, or how many flashes you count.',
    ],
  },
  ja: {
    title: 'LEDカード',
    intro: 'LEDは、技術者が外から入れるかどうかを示します。帯は、LEDの5秒間の光り方です。',
    lit: '点灯',
    dark: '消灯',
    notes: [
      '電源を入れたあと、3分お待ちください。それまでは基板の緑のLEDが不規則に点滅します（カードの読み書き）。',
      'すばやい2回の点滅の繰り返しは状態ではありません。運用担当者が、どの装置かを知らせています。',
      '色の出るLEDの場合: 緑は入れます。黄は入れますが、使えないコンソールがあります。青は運用担当者が止めています。赤はまだ入れません。',
      'ボタンがある場合: 短く押すと、すぐに接続を確認します。3秒押すと、設定があれば装置自身のWi-Fiが始まります。10秒の長押しは、運用担当者に頼まれたときだけ行ってください。',
      '電話では、左の名前か、数えた点滅の回数を伝えてください。',
    ],
  },
} as const

/** What one may leave alone first: that is what most people look for. */
const ROWS: FieldState[] = [...[...STATE_NAMES].reverse(), 'not-running']

const NAME_X = MARGIN
const BAR = { x: MARGIN + 25, width: 46, height: 5 }
const TEXT = { x: MARGIN + 75, width: A4.width - 2 * MARGIN - 75 }

export function ledCard(language: Language): string {
  const { title, intro, lit, dark, notes } = WORDS[language]
  const parts: string[] = []
  let y = MARGIN
  const write = (text: string, style: Parameters<typeof paragraph>[4]) => {
    const { svg, height } = paragraph(text, MARGIN, y, A4.width - 2 * MARGIN, style)
    parts.push(svg)
    y += height
  }
  write(title, { size: 7, bold: true })
  y += 1
  write(intro, { size: 3.6 })
  parts.push(legend(lit, dark, y + 1))
  y += 8
  for (const state of ROWS) {
    const row = rowOf(state, language, y)
    parts.push(line(MARGIN, y, A4.width - MARGIN, y), row.svg)
    y += row.height
  }
  parts.push(line(MARGIN, y, A4.width - MARGIN, y))
  y += 2
  for (const note of notes) write(note, { size: 3.1 })
  if (y > A4.height - MARGIN / 2) throw new Error(`the LED card (${language}) takes ${y} mm`)
  return a4Page(title, language, parts)
}

function legend(lit: string, dark: string, y: number): string {
  const box = (fill: string) => `<rect width="4" height="4" fill="${fill}" stroke="#000" stroke-width="0.25"/>`
  const scale = paragraph(`0 … ${BAR_MS / 1000} s`, BAR.x + 34, y, 30, { size: 3.1 })
  return [
    ...[at(BAR.x, y, box('#000')), paragraph(lit, BAR.x + 5.5, y + 0.3, 20, { size: 3.1 }).svg],
    ...[at(BAR.x + 17, y, box('#fff')), paragraph(dark, BAR.x + 22.5, y + 0.3, 20, { size: 3.1 }).svg, scale.svg],
  ].join('')
}

function rowOf(state: FieldState, language: Language, top: number) {
  const { looks, meaning, remedy } = fieldSentences(state, language)
  const y = top + 1.1
  const name = paragraph(state, NAME_X, y, BAR.x - NAME_X, { size: 3.1, bold: true })
  const bar = at(BAR.x, y + 0.2, ledBar(state, BAR.width, BAR.height))
  const seen = paragraph(looks.text, BAR.x, y + BAR.height + 1, BAR.width, { size: 3.1, leading: 4.15 })
  const means = paragraph(meaning.text, TEXT.x, y, TEXT.width, { size: 3.1, bold: true, leading: 4.15 })
  const todo = paragraph(`→ ${remedy.text}`, TEXT.x, y + means.height, TEXT.width, { size: 3.1, leading: 4.15 })
  const height = Math.max(BAR.height + 1 + seen.height, means.height + todo.height) + 1.8
  return { svg: name.svg + bar + seen.svg + means.svg + todo.svg, height }
}
