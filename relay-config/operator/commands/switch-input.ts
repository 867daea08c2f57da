/** What `on` and `off` have in common: who switches which device, why, and whether they may. */
import { listenersOf } from '../../../formats/listeners.ts'
import type { Device } from '../../fleet/fleet-config.ts'
import { whoRuns } from '../../relay/invoker.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { requireOperator, type Switch } from '../../relay/state/switch-maintenance.ts'
import { type CommandInput, deviceOf } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const SWITCH_OPTIONS = {
  reason: { value: 'TEXT', help: 'the reason, for the history' },
  ...AT_RELAY_OPTIONS,
  ...STATE_OPTIONS,
} as const

/** Characters of a reason that the history keeps. */
const REASON_MAX = 200

/** @throws UserError for a technician who may not */
export async function switchOf(input: CommandInput): Promise<{ device: Device; change: Switch }> {
  const { fleet, values, signal } = input
  const device = deviceOf(input)
  const { by } = await whoRuns()
  requireOperator(fleet, by)
  const reason = values.reason === undefined ? {} : { reason: String(values.reason).slice(0, REASON_MAX) }
  const what = { paths: statePathsOf(values), device: device.name, ports: Object.values(listenersOf(device.port)) }
  return { device, change: { ...what, by, nowMs: Date.now(), signal, ...reason } }
}
