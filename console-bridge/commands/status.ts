/** `ssh core-sw1 status [--json]` and `list`: the consoles of the person. */
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { escapeKeysOf } from '../session/escape-keys.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import type { CommandContext, Execute } from './command.ts'
import { describeList, describeStatus } from './describe-consoles.ts'
import type { Visit } from './visit.ts'

/** Milliseconds for which outlets are waited for: what is known of them is shown with its time. */
const POWER_MS = 3_000

export const statusCommand: Execute<'status'> = async ({ options }, context) => {
  const { visit, stream, status } = context
  await Promise.all(visit.allowed.map(({ power }) => power.refresh(POWER_MS, stream.gone)))
  const whole = status()
  const consoles = consolesFor(visit, whole)
  if (options.json) {
    const withKeys = consoles.map(console => ({ ...console, keys: keysOf(context, console.name) }))
    await stream.print(JSON.stringify({ ...whole, events: undefined, alerts: undefined, consoles: withKeys }, null, 2))
  } else await stream.print(...describeStatus(consoles))
  return SESSION_EXIT.ok
}

export const listCommand: Execute<'list'> = async (_, { visit, stream, status }) => {
  await stream.print(...describeList(consolesFor(visit, status())))
  return SESSION_EXIT.ok
}

/** What a program presses in this person's sessions there: the escape key differs between devices, consoles and people. */
function keysOf({ visit, escapeKey }: CommandContext, name: string): Record<string, string> {
  const set = visit.escapeSet ?? visit.allowed.find(console => console.name === name)?.config.escapeSet ?? 'oobm'
  const keys = escapeKeysOf({ key: escapeKey, set })
  return Object.fromEntries((['take-over', 'give-up'] as const).map(command => [command, keys.typed(command)]))
}

function consolesFor({ allowed }: Visit, { consoles }: ConsoleStatus): ConsoleStatus['consoles'] {
  return consoles.filter(({ name }) => allowed.some(console => console.name === name))
}
