/** What each relay says of the devices: the JSON of its own `status`, checked, in this machine's time. */
import * as z from 'zod'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { viewSchema } from '../../relay/state/view-schema.ts'
import { askRelay, type RelayCall } from '../remote/ssh-to-relay.ts'
import { type Answers, askEach } from './ask-each.ts'

/** @param callTo the `status --json` of a relay */
export function askViews(
  relays: readonly Relay[],
  callTo: (relay: Relay) => Promise<RelayCall>,
): Promise<Answers<DeviceView[]>> {
  return askEach(relays, async (relay, onLogin) => {
    const { stdout } = await askRelay({ ...(await callTo(relay)), onLogin })
    try {
      return parseViews(JSON.parse(stdout), Date.now())
    } catch (err) {
      const advice = 'it said why above; where its sudo asks for a password, name it with --relay'
      throw new UserError(`relay ${relay.name} does not say the state of its devices: ${advice}`, EXIT.failed, {
        cause: err,
      })
    }
  })
}

/**
 * @param json what a relay prints of devices
 * @param nowMs milliseconds since 1970 on this machine
 * @throws ZodError
 */
export function parseViews(json: unknown, nowMs: number): DeviceView[] {
  return z
    .array(viewSchema)
    .parse(json)
    .map(view => inTimeOf(nowMs, view))
}

/** Ages count: the clocks of two machines differ. */
function inTimeOf(nowMs: number, { nowMs: theirsMs = nowMs, ...view }: z.output<typeof viewSchema>): DeviceView {
  const shifted = (ms: number | undefined) => (ms === undefined ? undefined : ms + nowMs - theirsMs)
  return {
    ...view,
    ...{ heard: view.heard, report: view.report, maintenance: view.maintenance },
    reportedAtMs: shifted(view.reportedAtMs),
    provedAtMs: shifted(view.provedAtMs),
    sinceMs: shifted(view.sinceMs),
  }
}
