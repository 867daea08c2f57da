/** How long a command waits for devices. */
import { usageError } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import type { BareInput } from '../command.ts'

/** Milliseconds of `--wait`. */
export function waitOf({ wait }: BareInput['values']): number {
  const ms = wait === undefined ? 0 : parseDuration(String(wait))
  return ms ?? usageError('--wait takes a time such as 90s or 5m')
}
