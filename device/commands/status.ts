/** `oobm status`: the state of the two daemons, and how old the last proof is. */
import * as z from 'zod'
import { usageError } from '../../cli/command.ts'
import { modemStatusSchema } from '../../formats/modem-status.ts'
import { routerStatusSchema } from '../../formats/router.ts'
import { sidesSchema } from '../../formats/sides.ts'
import { isProvedReachable } from '../../formats/states.ts'
import { consoleStatusSchema, supervisorStatusSchema } from '../../formats/status-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { describeSides } from '../daemons/describe-sides.ts'
import { describeStatus } from '../daemons/describe-status.ts'
import { hasProvedItself, unitsInUse } from '../daemons/for-scripts.ts'
import { type Reading, readConsoleBridge, readModemProgram, readSupervisor } from '../daemons/read-daemon.ts'
import { readRouters } from '../daemons/read-routers.ts'
import { readSides } from '../daemons/read-sides.ts'

/** Of a daemon: its status, or why there is none. */
const daemon = <T extends z.ZodType>(status: T) =>
  z.union([
    z.object({ running: z.literal(true), problem: z.null(), status }),
    z.object({ running: z.literal(false), problem: z.string(), status: z.null() }),
  ])

const statusSchema = z.object({
  version: z.literal(1),
  supervisor: daemon(supervisorStatusSchema),
  console: daemon(consoleStatusSchema),
  /** Null where `oobm-sides` has not written it. */
  sides: sidesSchema.nullable(),
  /** One for each local address with such a role; the status is null where its program does not answer. */
  router: z.array(z.object({ address: z.string(), status: routerStatusSchema.nullable() })),
  /** Missing where no modem is dialled. */
  modems: daemon(modemStatusSchema).optional(),
})

export const statusCommand = defineCommand({
  summary: 'show whether a technician can get in, since when, and if not, why',
  options: {
    json: { help: 'print one JSON document with all that both daemons say' },
    state: { help: 'print the state alone, such as ready; nothing where the supervisor does not answer' },
    proved: { help: 'print nothing; exit 0 also where access is switched off and the way in was proved before' },
    'in-use': { help: 'print the services whose restart may cut somebody off' },
  },
  json: statusSchema,
  exitCodes: {
    0: 'A technician can get in.',
    1: 'Nobody can get in.',
    69: 'The supervisor does not run or does not answer.',
  },
  run: async ({ values, env, print, paint, clock }) => {
    const [one, other] = Object.keys(values)
    if (other !== undefined) usageError(`--${one} and --${other} cannot be combined`)
    const [supervisor, bridge, sides, routers, modems] = await Promise.all([
      readSupervisor(env),
      readConsoleBridge(env),
      readSides(env),
      readRouters(env),
      readModemProgram(env),
    ])
    if (values['in-use']) {
      for (const unit of unitsInUse(supervisor, bridge)) print(unit)
      return EXIT.ok
    }
    if (values.json) {
      const daemons = { supervisor: plainly(supervisor), console: plainly(bridge) }
      const router = routers.map(({ address, status }) => ({ address, status: status ?? null }))
      print(
        JSON.stringify({
          version: 1,
          ...daemons,
          sides: sides ?? null,
          router,
          ...(modems && { modems: plainly(modems) }),
        }),
      )
    } else if (!values.state && !values.proved) {
      const wallMs = clock.wallMs()
      const lines = describeStatus(supervisor, bridge, wallMs, paint, routers, modems)
      for (const line of [...lines, ...describeSides(sides)]) print(line)
    } else if (!supervisor.running) throw new UserError(supervisor.problem, EXIT.unavailable)
    if (!supervisor.running) return EXIT.unavailable
    if (values.proved) return hasProvedItself(supervisor.status) ? EXIT.ok : EXIT.failed
    if (values.state) print(supervisor.status.state)
    return isProvedReachable(supervisor.status.state) ? EXIT.ok : EXIT.failed
  },
})

/** For programs. A daemon that does not answer has no status: the last one must not pass for the present one. */
function plainly(reading: Reading<unknown>) {
  if (reading.running) return { running: true, problem: null, status: reading.status }
  return { running: false, problem: reading.problem, status: null }
}
