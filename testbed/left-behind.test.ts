import * as assert from 'uvu/assert'
import { followFamily, type Process } from './left-behind.ts'
import { suite } from './suite.ts'

const test = suite('left behind')

/** Numbers that no process has. */
const [ROOT, CHILD, GRANDCHILD, STRANGER] = [9_000_001, 9_000_002, 9_000_003, 9_000_004] as const

const started = (pid: number, parent: number, at: number): Process => ({
  ...{ pid, parent, group: pid, started: at },
  command: `process ${pid}`,
})

function family() {
  const running: Process[] = [started(ROOT, 1, 100), started(CHILD, ROOT, 110), started(GRANDCHILD, CHILD, 120)]
  const followed = followFamily(ROOT, 'NO_SUCH_VARIABLE', [], () => [...running])
  const replace = (...now: Process[]) => running.splice(1, running.length - 1, ...now)
  return { followed, replace, living: () => followed.living().map(({ pid }) => pid) }
}

test('a process whose parent is gone stays of the family', () => {
  const { followed, replace, living } = family()
  assert.equal(living(), [CHILD, GRANDCHILD])
  replace(started(GRANDCHILD, 1, 120), started(STRANGER, GRANDCHILD, 130))
  followed.look()
  assert.equal(living(), [GRANDCHILD, STRANGER])
})

test('a later process with a number of the family is none of it, nor are its children', () => {
  const { followed, replace, living } = family()
  followed.look()
  replace(started(CHILD, 1, 5_000), started(STRANGER, CHILD, 5_001))
  assert.equal(living(), [])
})

test.run()
