/** `make docs`: brings the examples in docs/ up to date with the schemas. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOCS } from './docs.ts'

for (const [path, upToDate] of Object.entries(DOCS)) {
  const file = join(import.meta.dirname, '..', path)
  const text = readFileSync(file, 'utf8')
  const next = upToDate(text)
  if (next !== text) writeFileSync(file, next)
}
