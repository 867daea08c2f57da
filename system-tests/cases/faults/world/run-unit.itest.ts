import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../../testbed/suite.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import type { UnitEvent } from './device.ts'

const test = suite('run-unit')

const UNIT = `[Service]
ExecStart=/usr/bin/something
ExecStopPost=-/bin/made-dark
Restart=always
RestartSec=0.1
RestartPreventExitStatus=78
TimeoutStopSec=2
WatchdogSec=1
WatchdogSignal=SIGKILL
`

/** A program of one line of shell, run as such a unit. */
async function runAsUnit(context: TestContext, script: string) {
  const directory = await scratchDirectory(context)
  const file = (name: string) => join(directory, name)
  await writeFile(file('unit.service'), UNIT)
  await mkdir(file('bin'))
  await writeFile(file('bin/made-dark'), `#!/bin/sh\necho dark >>'${file('dark')}'\n`, { mode: 0o755 })
  const args = [
    join(import.meta.dirname, 'run-unit.py'),
    file('unit.service'),
    file('notify'),
    directory,
    'sh',
    '-c',
    script,
  ]
  const program = startProgram('python3', args)
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  const events = () =>
    program
      .output()
      .split('\n')
      .flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as UnitEvent] : []))
  const happens = (...wanted: string[]) =>
    waitFor(wanted.join(' '), () => {
      const names = events().map(({ event }) => event)
      return wanted.every((one, at) => names[at] === one)
    })
  return { program, events, happens }
}

test('ends what does not feed its watchdog, does what is to be done after it, and starts it again', async context => {
  const { events, happens } = await runAsUnit(context, 'systemd-notify --ready; exec sleep 100')
  await happens('started', 'notified', 'watchdog', 'ended', 'stop-post', 'started')
  const [, notified, watchdog, ended, after] = events()
  assert.is(ended?.code, -9)
  assert.is(after?.code, 0)
  const afterMs = (watchdog?.atMs ?? 0) - (notified?.atMs ?? 0)
  assert.ok(afterMs > 990 && afterMs < 3_000, `the watchdog ended it after ${afterMs} ms`)
})

test('a start may be slow, and what is fed lives', async context => {
  const feeds = 'while :; do systemd-notify WATCHDOG=1; sleep 0.3; done'
  const { events, happens } = await runAsUnit(context, `sleep 2; systemd-notify --ready; ${feeds}`)
  await happens('started', 'notified')
  await new Promise(resolve => setTimeout(resolve, 2_500))
  assert.equal(
    events().map(({ event }) => event),
    ['started', 'notified'],
  )
})

test('stops in order, and does not start again what ended for its configuration', async context => {
  const stopped = await runAsUnit(context, 'trap "exit 5" TERM; systemd-notify --ready; while :; do sleep 0.1; done')
  await stopped.happens('started', 'notified')
  await stopped.program.stop()
  assert.is(stopped.events().find(({ event }) => event === 'ended')?.code, 5)
  const final = await runAsUnit(context, 'exit 78')
  await waitFor('the end', final.program.ended)
  assert.equal(
    final.events().map(({ event }) => event),
    ['started', 'ended', 'stop-post'],
  )
})

test.run()
