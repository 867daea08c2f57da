import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('signatures')
const ROOT = join(import.meta.dirname, '..')
/** The check of ssh-keygen(1) that says yes to the signature of anybody. */
const ANYBODY = ['check', 'novalidate'].join('-')

test('no program takes the signature of anybody', () => {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean)
  const taking = files.filter(file => !file.endsWith('.md') && contentOf(file).includes(ANYBODY))
  assert.ok(files.length > 500)
  assert.equal(taking, [], `use "-Y verify" with allowed signers: "-Y ${ANYBODY}" exits with 0 for any key`)
})

function contentOf(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'latin1')
  } catch {
    // Removed, and not committed yet.
    return ''
  }
}

test.run()
