import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('docs/architecture.md')
const ROOT = join(import.meta.dirname, '..')

/** Parts whose every folder is on the page; of the others, those that say something by themselves. */
const IN_DEPTH = ['supervisor', 'console-bridge', 'relay-config']

/** The list of folders, as paths. */
function foldersOfPage(): string[] {
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const [, list = ''] = /^## Folders\n([\s\S]*?)^`tools/m.exec(page) ?? []
  let part = ''
  return [...list.matchAll(/^( {4}| {6})([\w-]+)\/ /gm)].map(([, indent = '', name = '']) => {
    if (indent.length === 4) part = name
    return indent.length === 4 ? name : `${part}/${name}`
  })
}

test('names every folder, and none that is gone', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const steps = files.map(file => file.split('/').slice(0, -1))
  const folders = new Set(steps.flatMap(path => [path[0], path.slice(0, 2).join('/')]).filter(Boolean))
  const listed = foldersOfPage()
  assert.equal(
    listed.filter(folder => !folders.has(folder)),
    [],
    'folders of the page that are not there',
  )
  const wanted = [...folders].filter((folder = '') => {
    const [part = '', inner] = folder.split('/')
    return !part.startsWith('.') && (inner === undefined || (IN_DEPTH.includes(part) && inner !== 'testing'))
  })
  assert.equal(
    wanted.filter((folder = '') => !listed.includes(folder)),
    [],
    'folders that the page does not name',
  )
})

test.run()
