/** `oobm doctor` on the board, on the address that is polled, and on what comes next. */

import { describeDuration } from '../../cli/times.ts'
import { type DeviceConfig, intervalsOf } from '../../formats/device-config.ts'
import { directoriesOf } from '../../formats/directories.ts'
import { type PollStatus, readPollStatus } from '../../formats/settings-poll.ts'
import { heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { readBoardFacts } from './board-facts.ts'
import { type Check, type Finding, ok, warning } from './finding.ts'
import { judgeBoard } from './judge-board.ts'
import { nextSteps } from './next-step.ts'

export function boardChecks(env: NodeJS.ProcessEnv, nowMs: number): Check[] {
  return [{ what: 'board', run: async report => judgeBoard(await readBoardFacts(env), nowMs).forEach(report) }]
}

export function pollAndNextChecks(config: DeviceConfig, env: NodeJS.ProcessEnv, nowMs: number): Check[] {
  return [
    {
      what: 'settings poll',
      run: async report => {
        const last = await readPollStatus(directoriesOf('oobm', env).runtime)
        if (last !== undefined) report(judgePoll(last, describeDuration(silentForMs(last.at, heartbeatNow()))))
      },
    },
    {
      what: 'next',
      run: async report => {
        const reading = await readSupervisor(env)
        if (reading.running) nextSteps(reading.status, intervalsOf(config), nowMs).forEach(report)
      },
    },
  ]
}

/** @param age since the last look */
export function judgePoll({ url, result, cause }: PollStatus, age: string): Finding {
  const what = 'settings poll'
  if (result !== 'failed') return ok(what, `${url}, ${age} ago`)
  const remedy =
    'settings do not arrive this way; check the address in [settings_poll], and whether this network lets it through'
  return warning(what, `${url}, ${age} ago: ${cause}`, remedy)
}
