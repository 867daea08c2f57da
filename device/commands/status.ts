/** `oobm status`: what the two daemons say of themselves, and how old their proof is. */

import { isProvedReachable } from '../../formats/states.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Command, readArguments, usageError } from '../command.ts'
import { describeStatus } from '../daemons/describe-status.ts'
import { type Reading, readConsoleBridge, readSupervisor } from '../daemons/read-daemon.ts'

export const statusCommand: Command = {
  usage: 'status [--json | --state]',
  summary: 'whether a technician can get in, since when, and why not (exit 0: yes, 1: no, 69: no answer)',
  run: async (args, { env, print, paint, clock }) => {
    const { values } = readArguments(statusCommand, args, { json: { type: 'boolean' }, state: { type: 'boolean' } })
    if (values.json && values.state) throw usageError(statusCommand, '--json and --state cannot be combined')
    const [supervisor, bridge] = await Promise.all([readSupervisor(env), readConsoleBridge(env)])
    if (values.state) {
      if (!supervisor.running) throw new UserError(supervisor.problem, EXIT.unavailable)
      print(supervisor.status.state)
    } else if (values.json)
      print(JSON.stringify({ version: 1, supervisor: plainly(supervisor), console: plainly(bridge) }))
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
