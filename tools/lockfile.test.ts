/** What an older npm than ours must be able to install: Debian 12 and 13 have npm 9.2. */
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('lockfile')
const ROOT = join(import.meta.dirname, '..')
const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

interface Locked {
  version?: string
  resolved?: string
  link?: boolean
}

test('no override leads to a folder: npm 9.2 cannot read a lockfile with one', () => {
  const { overrides = {}, dependencies = {}, devDependencies = {} } = read('package.json')
  const direct: Record<string, string> = { ...dependencies, ...devDependencies }
  for (const [name, wanted] of Object.entries<string>(overrides)) {
    const version = wanted.startsWith('$') ? direct[wanted.slice(1)] : wanted
    assert.match(version ?? 'nothing', /^\d+\.\d+\.\d+$/, `${name}: ${wanted}`)
  }
})

test('onoff’s epoll is the stand-in, and no package of the registry', () => {
  const packages: Record<string, Locked> = read('package-lock.json').packages
  const epolls = Object.entries(packages).filter(([path]) => path.endsWith('node_modules/epoll'))
  assert.equal(epolls, [['node_modules/epoll', { resolved: 'supervisor/led/no-epoll', link: true }]])
  // Of a copy, packaging would want a licence file, and a change of the stand-in would not be seen.
  assert.is(realpathSync(join(ROOT, 'node_modules/epoll')), join(ROOT, 'supervisor/led/no-epoll'))
})

test('names no registry, so that any mirror serves it', () => {
  const packages: Record<string, Locked> = read('package-lock.json').packages
  for (const [path, { resolved = '' }] of Object.entries(packages)) assert.not.match(resolved, /:\/\//, path)
})

test.run()
