import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import type { DeviceLook, Look } from './look.ts'
import { newsBetween } from './news.ts'

const test = suite('news of the lab')

interface Short {
  state?: string
  supervisorPid?: number | 'gone' | 'silent'
  bridgePid?: number | 'gone'
  line?: 'open' | 'closed'
  who?: string[]
}

function look({ state = 'ready', supervisorPid = 1, bridgePid = 2, line = 'open', who = [] }: Short): Look {
  const absent = (why: 'gone' | 'silent') => ({ running: false, state: why, problem: '' })
  const bridge = {
    pid: bridgePid,
    consoles: [{ name: 'c', state: line, cause: 'x', sessions: who.map(technician => ({ technician })) }],
  }
  const device = {
    ...{ name: 'd', console: 'c', equipment: '', led: undefined, ledSinceMs: 0, state },
    pids: {
      supervisor: typeof supervisorPid === 'number' ? supervisorPid : 1,
      bridge: typeof bridgePid === 'number' ? bridgePid : 2,
    },
    supervisor:
      typeof supervisorPid === 'number'
        ? { running: true, status: { state, cause: 'why', pid: supervisorPid } }
        : absent(supervisorPid),
    bridge: typeof bridgePid === 'number' ? { running: true, status: bridge } : absent(bridgePid),
  } as unknown as DeviceLook
  return { devices: [device], broken: [], atMs: 5 }
}

const cases: [what: string, before: Short | undefined, after: Short, told: string[]][] = [
  ['the first state', undefined, {}, ['d ready: why']],
  ['nothing, where nothing has changed', {}, {}, []],
  ['a state', {}, { state: 'no-relay' }, ['d no-relay: why']],
  ['the end of a daemon', {}, { supervisorPid: 'gone' }, ['d its supervisor has ended']],
  ['a daemon that hangs', {}, { supervisorPid: 'silent' }, ['d its supervisor does not answer']],
  ['a daemon that answers again', { supervisorPid: 'silent' }, {}, ['d its supervisor answers again']],
  ['a new start', { supervisorPid: 'gone' }, { supervisorPid: 9 }, ['d its supervisor was started again']],
  ['a new start between two looks', {}, { bridgePid: 9 }, ['d its console bridge was started again']],
  ['a line that closes', {}, { line: 'closed' }, ['d c is closed: x']],
  ['a line that opens', { line: 'closed' }, {}, ['d c is open']],
  ['who comes and leaves', { who: ['a'] }, { who: ['b'] }, ['d c: b came', 'd c: a left']],
]
for (const [what, before, after, told] of cases)
  test(`tells ${what}`, () => {
    const news = newsBetween(before && look(before), look(after))
    assert.equal(
      news.map(({ text }) => text),
      told,
    )
  })

test.run()
