/** `oobm status`: what the two daemons say of themselves, and how old their proof is. */

import { isProvedReachable } from '../../formats/states.ts'
import { EXIT } from '../../runtime/errors.ts'
import { type Command, readArguments } from '../command.ts'
import { describeStatus } from '../daemons/describe-status.ts'
import { type Reading, readConsoleBridge, readSupervisor } from '../daemons/read-daemon.ts'

export const statusCommand: Command = {
  usage: 'status [--json]',
  summary: 'whether a technician can get in, since when, and why not (exit 0: yes, 1: no, 69: no answer)',
  run: async (args, { env, print, paint, clock }) => {
    const { values } = readArguments(statusCommand, args, { json: { type: 'boolean' } })
    const [supervisor, bridge] = await Promise.all([readSupervisor(env), readConsoleBridge(env)])
    if (values.json) print(JSON.stringify({ version: 1, supervisor: plainly(supervisor), console: plainly(bridge) }))
    else for (const line of describeStatus(supervisor, bridge, clock.wallMs(), paint)) print(line)
    if (!supervisor.running) return EXIT.unavailable
    return isProvedReachable(supervisor.status.state) ? EXIT.ok : EXIT.failed
  },
}

/** For programs: without a daemon that answers there is no status, so that nobody takes the last one for the present. */
function plainly(reading: Reading<unknown>) {
  if (reading.running) return { running: true, problem: null, status: reading.status }
  return { running: false, problem: reading.problem, status: null }
}
