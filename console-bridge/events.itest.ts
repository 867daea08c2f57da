/** The events that the bridge keeps for the relay's history. */
import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { runCommand, sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('what people did')

test(
  'the status has BREAKs, commands and refused logins, and technicians do not see them',
  async context => {
    const { files } = await bridgeOnPty(context)
    assert.is((await runCommand(files, 'alice', 'core-sw1', 'break 200')).code, 0)
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'list')).code, 0)
    const refused = await runCommand(files, 'mallory', 'alice:core-sw1', 'list')
    assert.is(refused.code, 255)
    await runCommand(files, 'mallory', 'core-sw1', 'list')
    const observed = await runCommand(files, 'olga', 'core-sw1', 'break')
    assert.is.not(observed.code, 0)
    const { events = [] } = await statusWhere(files, 'all', ({ events }) => (events?.length ?? 0) >= 3)
    const told = events.map(({ event, console, technician, detail }) => [event, console, technician, detail].join(' '))
    assert.equal(told, [
      'break core-sw1 alice 200 ms',
      'word core-sw1 bob list; exit code 0',
      'refused   login as alice:core-sw1',
    ])
    assert.equal(
      events.map(({ id, from, at }) => [id, /^127\.0\.0\.1:\d+$/.test(from), Math.abs(Date.now() - at) < 60_000]),
      [
        [1, true, true],
        [2, true, true],
        [3, true, true],
      ],
    )
    const typist = startProgram('ssh', sshArgs(files, 'bob', 'core-sw1'))
    context.cleanup(() => typist.stop())
    typist.child.stdin?.end('show clock\r')
    const { events: more = [] } = await statusWhere(files, 'typed', ({ events }) => events?.at(-1)?.event === 'typed')
    const typed = more.at(-1)
    assert.equal([typed?.console, typed?.technician, typed?.detail], ['core-sw1', 'bob', '11 bytes'])
    assert.ok(typed?.since !== undefined && typed.since <= typed.at)
    const shown = await runCommand(files, 'alice', 'core-sw1', 'status --json')
    assert.is(JSON.parse(shown.stdout).events, undefined)
  },
  { timeoutMs: 90_000 },
)

test.run()
