/** `ssh core-sw1 status [--json]` and `list`: the consoles of the person. */
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import type { Execute } from './command.ts'
import { describeList, describeStatus } from './describe-consoles.ts'
import type { Visit } from './visit.ts'

/** Milliseconds for which outlets are waited for: what is known of them is shown with its time. */
const POWER_MS = 3_000

export const statusCommand: Execute<'status'> = async ({ options }, { visit, stream, status }) => {
  await Promise.all(visit.allowed.map(({ power }) => power.refresh(POWER_MS, stream.gone)))
  const whole = status()
  const consoles = consolesFor(visit, whole)
  if (options.json)
    await stream.print(JSON.stringify({ ...whole, events: undefined, alerts: undefined, consoles }, null, 2))
  else await stream.print(...describeStatus(consoles))
  return SESSION_EXIT.ok
}

export const listCommand: Execute<'list'> = async (_, { visit, stream, status }) => {
  await stream.print(...describeList(consolesFor(visit, status())))
  return SESSION_EXIT.ok
}

function consolesFor({ allowed }: Visit, { consoles }: ConsoleStatus): ConsoleStatus['consoles'] {
  return consoles.filter(({ name }) => allowed.some(console => console.name === name))
}
