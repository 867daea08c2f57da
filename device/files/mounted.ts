/** Whether the directories are there: without their file systems, files would land on the system's own. */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type DropArea, dropFolders } from '../../formats/file-drop.ts'
import { UserError } from '../../runtime/errors.ts'

/** @throws UserError */
export async function checkMounted(env: NodeJS.ProcessEnv, area: DropArea): Promise<void> {
  const path = dropFolders(env)[area]
  const [own, above] = await Promise.all([path, dirname(path)].map(each => stat(each).catch(() => undefined)))
  // A test has no mounts.
  if (own && (own.dev !== above?.dev || env.OOBM_DROP_SERVED !== undefined)) return
  const what = area === 'read' ? 'no files are served' : 'no uploads are taken'
  throw new UserError(`${what} on this device: switch it on in [files] of its configuration ("oobm files" says more)`)
}
