/** docs/decisions: one form for every page, and an index that names them all. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('docs/decisions')
const FOLDER = join(import.meta.dirname, '../docs/decisions')
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8')
const pages = readdirSync(FOLDER)
  .filter(name => name !== 'README.md')
  .sort()

test('numbers its pages from 1, without a gap', () => {
  const numbers = pages.map(name => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? name)
  assert.equal(
    numbers,
    pages.map((_, index) => String(index + 1).padStart(4, '0')),
  )
})

test('gives every page its number in the title, and the paragraphs What, Why and Alternatives in this order', () => {
  for (const name of pages) {
    const text = read(name)
    assert.match(text, new RegExp(`^# ${Number.parseInt(name, 10)}\\. \\S.*\n\n\\*\\*What\\.\\*\\* `), name)
    assert.match(text, /\n\n\*\*Why[ .][\s\S]*\n\n\*\*Alternatives\.\*\*\s/, name)
  }
})

test('lists every page in README.md with its number and title, and nothing else', () => {
  const listed = read('README.md').match(/^\| \d+ \| \[.*?\]\(.*?\) \| (?=\S)/gm)
  const wanted = pages.map(name => {
    const [, number, title] = /^# (\d+)\. (.*)/.exec(read(name)) ?? []
    return `| ${number} | [${title}](${name}) | `
  })
  assert.equal(listed, wanted)
})

test.run()
