import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LANGUAGES } from '../../formats/languages.ts'
import { STATE_NAMES } from '../../formats/states.ts'
import { suite } from '../../testbed/suite.ts'
import { fieldPages } from './field-pages.ts'
import { breakLines } from './sheet.ts'

const test = suite('field pages')
const FOLDER = join(import.meta.dirname, '../../docs/field')

test('are in docs/field/ as the code makes them: "make field-pages" writes them', () => {
  const pages = fieldPages()
  for (const [name, svg] of Object.entries(pages)) {
    assert.ok(readFileSync(join(FOLDER, `${name}.svg`), 'utf8') === svg, `${name}.svg is stale: make field-pages`)
    const pdf = readFileSync(join(FOLDER, `${name}.pdf`)).toString('latin1')
    const digest = createHash('sha256').update(svg).digest('hex')
    assert.ok(
      pdf.startsWith('%PDF-') && pdf.includes(`% made from ${digest}`),
      `${name}.pdf is stale: make field-pages`,
    )
  }
  const files = Object.keys(pages).flatMap(name => [`${name}.pdf`, `${name}.svg`])
  assert.equal(readdirSync(FOLDER).sort(), files.sort())
})

test('show each state on the card of each language', () => {
  for (const language of LANGUAGES) {
    const card = fieldPages()[`led-card.${language}`] ?? ''
    for (const state of STATE_NAMES) assert.ok(card.includes(`>${state}</tspan>`), `${language}: ${state}`)
  }
})

test('break lines between words, with no mark at the beginning of a line', () => {
  for (let widthEm = 12; widthEm < 40; widthEm++) {
    const text = 'カードをパソコンに入れ、oobm-error.txtを開いて、「内容」を運用担当者に送ってください。'
    const lines = breakLines(text, widthEm)
    assert.is(lines.join(''), text)
    for (const line of lines.slice(1)) assert.not.match(line, /^[ぁ-ん、。」ー]/, lines.join(' | '))
  }
  assert.equal(breakLines('one two three', 5), ['one two', 'three'])
})

test.run()
