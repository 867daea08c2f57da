import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { device } from '../../supervisor/testing/device.ts'
import { suite } from '../../testbed/suite.ts'
import type { Finding } from './finding.ts'
import { daemonChecks } from './local-checks.ts'

const test = suite('local checks')

type ConsoleInStatus = ConsoleStatus['consoles'][number]

test('consoles that are closed, and those that flow control holds, are named with what to do', async context => {
  const { consoleRuntime, env } = await device(context)
  const line = (name: string, more: Partial<ConsoleInStatus> = {}): ConsoleInStatus => ({
    ...{ name, path: '/dev/x', settings: '9600 8N1', state: 'open', cause: '', since: 0 },
    ...{ lastOutputAt: null, bytesIn: 0, bytesOut: 0, sessions: [] },
    ...more,
  })
  const found = async (...consoles: ConsoleInStatus[]) => {
    // This process stands for the bridge.
    const status = { version: 1, software: '1.2.3', pid: process.pid, heartbeat: heartbeatNow(), port: 1, consoles }
    await writeAtomically(join(consoleRuntime, 'status.json'), JSON.stringify(status), 0o644)
    const findings: Finding[] = []
    for (const check of daemonChecks({ env, nowMs: 0 }))
      await check.run(finding => findings.push(finding), context.signal)
    const { result, detail, remedy } = findings.at(-1) as Finding
    return `${result}: ${detail}; ${remedy}`
  }
  const closed = line('sw1', { state: 'closed', cause: 'unplugged' })
  const held = line('sw2', { held: { since: 0, cause: 'the target sent XOFF' } })
  assert.is(await found(line('sw1'), line('sw2')), 'ok: all open: 2; ')
  assert.is(await found(held), 'wrong: sw2: held: the target sent XOFF; oobm console release sw2 resumes sending')
  const unrecorded = line('sw3', { notRecorded: { since: 0, cause: 'no space left on device (ENOSPC)' } })
  assert.match(
    await found(unrecorded),
    'wrong: sw3: not recorded: no space left on device (ENOSPC); make room on the disk',
  )
  const both = await found(closed, held)
  assert.match(both, 'wrong: sw1: unplugged; sw2: held: the target sent XOFF; plug the serial adapter in;')
  assert.match(both, 'oobm console release sw2')
  const cause = '192.0.2.7 port 23: there is no route to it, or it is off'
  const far = line('sw4', { path: 'telnet://192.0.2.7:23', state: 'closed', cause })
  const alone = await found(far)
  assert.match(alone, `wrong: sw4: ${cause}; sw4: docs/other-lines.md; systemctl status oobm-line@sw4;`)
  assert.not.match(alone, 'adapter')
  assert.match(await found(closed, far), /adapter in; .*; sw4: docs/)
})

test.run()
