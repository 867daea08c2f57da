/** `make field-pages`: the printed pages as SVG, and as PDF by rsvg-convert. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { fieldPages } from './field-pages.ts'

const FOLDER = join(import.meta.dirname, '../../docs/field')

mkdirSync(FOLDER, { recursive: true })
for (const [name, svg] of Object.entries(fieldPages())) {
  const path = join(FOLDER, name)
  writeFileSync(`${path}.svg`, svg)
  // The date of the file is in the PDF otherwise: the same page would be another file each time.
  const env = { SOURCE_DATE_EPOCH: '0' }
  await spawn('rsvg-convert', ['--format=pdf', `--output=${path}.pdf`, `${path}.svg`], { env, timeout: 60_000 })
  writeFileSync(`${path}.pdf`, Buffer.concat([readFileSync(`${path}.pdf`), Buffer.from(madeFrom(svg))]))
}

/** A comment after the end, by which a test sees that a PDF is older than its page. */
function madeFrom(svg: string): string {
  return `% made from ${createHash('sha256').update(svg).digest('hex')}\n`
}
