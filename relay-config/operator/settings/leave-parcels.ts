/** Leaves signed documents for devices on the relay that this is, tells the devices, and records who did it. */
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { appendHistory } from '../../relay/history.ts'
import { whoRuns } from '../../relay/invoker.ts'
import { leaveDocument, type Parcel } from '../../relay/settings/mailbox.ts'
import type { StatePaths } from '../../relay/state/state-paths.ts'
import { tellDevice } from '../../relay/state/tell-device.ts'

/** @throws UserError with all that were not left; the others are */
export async function leaveParcels(paths: StatePaths, parcels: readonly Parcel[]): Promise<void> {
  const { by } = await whoRuns()
  const problems: string[] = []
  for (const parcel of parcels) {
    const { device, serial } = parcel
    try {
      const { digest, bytes } = await leaveDocument(paths, parcel, by)
      await tellDevice(paths, device, { type: 'settings', digest, bytes })
      const reason = `serial ${serial} waits for it here (${bytes} bytes, SHA-256 ${digest.slice(0, 12)})`
      await appendHistory(paths, { event: 'settings', device, reason })
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      problems.push(err.message)
    }
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'), EXIT.failed)
}
