/** The field guide: from a card to a device that works, for people who are no network engineers; one page. */
import { type FieldState, fieldSentences } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'
import { ledBar } from '../../formats/led-picture.ts'
import { GUIDE_WORDS } from './guide-words.ts'
import { A4, a4Page, at, box, line, MARGIN, paragraph, type Style } from './sheet.ts'

const WIDTH = A4.width - 2 * MARGIN
const BODY: Style = { size: 3.5 }
const HEADING: Style = { size: 4.3, bold: true }
/** What most people see; the card has them all. */
const SHOWN: FieldState[] = ['ready', 'unconfigured', 'no-link', 'not-running']

export function fieldGuide(language: Language): string {
  const words = GUIDE_WORDS[language]
  const parts: string[] = []
  let y = MARGIN
  const write = (text: string, style: Style, x = MARGIN, width = WIDTH) => {
    const { svg, height } = paragraph(text, x, y, width, style)
    parts.push(svg)
    y += height
  }
  write(words.title, { size: 7, bold: true })
  y += 1
  write(words.intro, BODY)
  y += 2
  write(words.need.title, HEADING)
  for (const item of words.need.items) {
    parts.push(
      `<rect x="${MARGIN + 1}" y="${y + 0.9}" width="2.8" height="2.8" fill="none" stroke="#000" stroke-width="0.3"/>`,
    )
    write(item, BODY, MARGIN + 6, WIDTH - 6)
  }
  y += 2
  parts.push(wiring(words.wiring, y))
  y += 38
  for (const [at, { title, text }] of words.steps.entries()) {
    parts.push(paragraph(String(at + 1), MARGIN + 0.5, y - 0.4, 8, { size: 6.5, bold: true }).svg)
    write(title, { size: 3.9, bold: true }, MARGIN + 9, WIDTH - 9)
    write(text, BODY, MARGIN + 9, WIDTH - 9)
    y += 1.2
  }
  y += 1
  for (const state of SHOWN) {
    parts.push(line(MARGIN, y, A4.width - MARGIN, y))
    const { meaning, remedy } = fieldSentences(state, language)
    parts.push(at(MARGIN, y + 2, ledBar(state, 46, 5)))
    const top = y
    y += 1.4
    write(meaning.text, { size: 3.3, bold: true }, MARGIN + 51, WIDTH - 51)
    write(`→ ${remedy.text}`, { size: 3.3 }, MARGIN + 51, WIDTH - 51)
    y = Math.max(y + 1, top + 9)
  }
  parts.push(line(MARGIN, y, A4.width - MARGIN, y))
  y += 1.5
  write(words.otherPatterns, BODY)
  y += 1
  write(words.hotspot, BODY)
  y += 2
  write(words.careTitle, HEADING)
  for (const care of words.care) write(`・${care}`, BODY, MARGIN + 1, WIDTH - 1)
  y += 2
  const [left, right] = [MARGIN, MARGIN + WIDTH / 2 + 2]
  for (const [row, [first, second]] of words.fields.entries()) {
    for (const [x, label] of [
      [left, first],
      [right, second],
    ] as const) {
      parts.push(paragraph(label, x, y + row * 8 + 2, 40, { size: 3.3 }).svg)
      parts.push(line(x + 34, y + row * 8 + 6.5, x + WIDTH / 2 - 4, y + row * 8 + 6.5, 0.25))
    }
  }
  y += words.fields.length * 8
  if (y > A4.height - MARGIN / 2) throw new Error(`the field guide (${language}) takes ${y} mm`)
  return a4Page(words.title, language, parts)
}

interface Wiring {
  network: string
  device: string
  led: string
  power: string
  adapter: string
  target: string
  consolePort: string
}

/** Network — device — adapter — console port, and the power below: what is plugged where. */
function wiring({ network, device, led, power, adapter, target, consolePort }: Wiring, y: number): string {
  const boxes = [
    { x: MARGIN, width: 38, text: network },
    { x: MARGIN + 62, width: 46, text: device },
    { x: MARGIN + 132, width: 50, text: target },
  ]
  const cable = (from: number, to: number, label: string) =>
    line(from, y + 9, to, y + 9, 0.9) + paragraph(label, from + 1, y + 3.6, to - from, { size: 2.9, leading: 3.6 }).svg
  return [
    ...boxes.map(
      ({ x, width, text }) => box(x, y + 1, width, 20) + paragraph(text, x + 2, y + 2.6, width - 3, { size: 3.3 }).svg,
    ),
    cable(MARGIN + 38, MARGIN + 62, 'LAN'),
    cable(MARGIN + 108, MARGIN + 132, adapter),
    `<circle cx="${MARGIN + 67}" cy="${y + 16.5}" r="1.6"/>`,
    paragraph(led, MARGIN + 70, y + 14.6, 30, { size: 3 }).svg,
    paragraph(consolePort, MARGIN + 134, y + 14.6, 46, { size: 3 }).svg,
    line(MARGIN + 85, y + 21, MARGIN + 85, y + 30, 0.9),
    paragraph(power, MARGIN + 88, y + 25, 60, { size: 3 }).svg,
  ].join('')
}
