/** The pages of this repository: every link and every path on them leads to something that exists. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('links and paths on the pages')
const ROOT = join(import.meta.dirname, '..')
const files = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter(Boolean)
const folders = new Set(files.flatMap(file => parents(file)))
const exists = (path: string) => path === '.' || files.includes(path) || folders.has(path)
const pages = files.filter(file => /^(?:[^/]+|docs\/.+)\.md$/.test(file))
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8')

test('leads every link within the repository to a file and to a heading that exist', () => {
  const broken = pages.flatMap(page =>
    linksOf(read(page))
      .filter(link => !leads(page, link))
      .map(link => `${page}: ${link}`),
  )
  assert.equal(broken, [])
})

test('mentions no path that begins with a folder of the repository and does not exist', () => {
  const tops = [...folders].filter(folder => !folder.includes('/')).map(folder => folder.replaceAll('.', '\\.'))
  const path = new RegExp(`(?<![\\w/.~*-])(?:${tops.join('|')})/[\\w./@+-]*`, 'g')
  const broken = pages.flatMap(page =>
    [...read(page).matchAll(path)]
      // NAME is for the reader to fill in; a diagram may leave ".ts" out.
      .map(([found]) => found.replace(/\/NAME\b.*|[./]+$/, ''))
      .filter(found => !exists(found) && !exists(`${found}.ts`))
      .map(found => `${page}: ${found}`),
  )
  assert.equal(broken, [])
})

test.run()

function parents(file: string): string[] {
  const folder = dirname(file)
  return folder === '.' ? [] : [folder, ...parents(folder)]
}

/** Targets that are not addresses: of Markdown's links and pictures, and of HTML's. */
function linksOf(text: string): string[] {
  const inCode = /^(?: {4}.*|```[\s\S]*?^```)$/gm
  const links = text.replace(inCode, '').matchAll(/\]\(([^)\s]+)\)|\b(?:href|src|srcset)="([^"]+)"/g)
  return [...links].map(([, target, attribute]) => target ?? attribute ?? '').filter(link => !/^[a-z]+:/.test(link))
}

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '')
  return exists(target) && (anchor === undefined || anchorsOf(read(target)).includes(anchor))
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}
