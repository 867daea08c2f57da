/** The history of what people put, took and removed: a file of its own, which all administrators append to. */
import { appendFile, chmod, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DropRecord, HISTORY_BYTES, HISTORY_FILES } from '../../formats/file-drop.ts'
import { asciiJson } from '../../runtime/printable.ts'

export async function writePeopleRecord(folder: string, record: DropRecord): Promise<void> {
  const [older, newer] = HISTORY_FILES.people.map(name => join(folder, name)) as [string, string]
  const line = `${asciiJson(record)}\n`
  const there = await stat(newer).catch(() => undefined)
  const isNew = there === undefined || there.size + line.length > HISTORY_BYTES
  if (there && isNew) await rename(newer, older)
  await appendFile(newer, line)
  // Whatever the umask of the person is: the next one may be somebody else.
  if (isNew) await chmod(newer, 0o664)
}
