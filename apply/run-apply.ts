/** `oobm-apply` from start to end: takes documents, installs what they set, sees a trial through, serves requests, and ends when nothing is left to do. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { finishInstallation } from '../device/import/install.ts'
import { whileLocked } from '../device/import/lock.ts'
import { provisioningDirectory, settingsRecordPath, settingsSpool } from '../formats/directories.ts'
import { EXIT, type ExitCode } from '../runtime/errors.ts'
import { type ApplyOptions, PACE_MS } from './apply-options.ts'
import { SettingsRecords } from './record.ts'
import { RequestTaker } from './requests/take-requests.ts'
import { ALL, Restarts } from './restarts.ts'
import { isRecovery, requestsIn } from './spool.ts'
import { StoredSettings } from './stored-settings.ts'
import { DocumentTaker } from './take-documents.ts'
import { TrialWatch } from './watch-trial.ts'

/** Runs until nothing is left to do, or until aborted. */
export async function runApply(options: ApplyOptions): Promise<ExitCode> {
  const { env, runtime, root, clock, signal, log } = options
  const recordPath = settingsRecordPath(env)
  const provisioning = join(root, provisioningDirectory(env))
  for (const folder of [runtime, dirname(recordPath)]) await mkdir(folder, { recursive: true })
  const restarts = await Restarts.open(runtime, provisioning)
  const settings = new StoredSettings(options, await SettingsRecords.open(recordPath, log), restarts)
  const documents = new DocumentTaker(options, settings)
  const requests = await RequestTaker.open(options, settings)
  const trial = new TrialWatch(options, settings)
  await whileLocked(root, async () => {
    if (await finishInstallation(root)) {
      log.info('finished what was interrupted')
      // They may have started with what was there before.
      await restarts.plan(ALL)
    }
    const current = await settings.current().catch(() => undefined)
    // Of a document that was being installed when the power went.
    if (current !== undefined) await settings.records.settle(current.provisioning.settings.serial)
    await trial.resume()
  })
  while (!signal.aborted) {
    const waiting = await requestsIn(settingsSpool(env))
    const count = await documents.takeSome(waiting.filter(request => !isRecovery(request)))
    await requests.takeSome(waiting.filter(isRecovery))
    if (signal.aborted) return EXIT.ok
    const isOver = await trial.step()
    // Others may have come meanwhile.
    if (count > 0) continue
    if (isOver && waiting.length === 0) return EXIT.ok
    await clock.sleep(options.paceMs ?? PACE_MS, signal)
  }
  return EXIT.ok
}
