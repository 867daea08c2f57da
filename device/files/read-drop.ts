/** What there is of the file drop at this moment: what is served where, what runs, the files, and the history. */
import type { Dirent } from 'node:fs'
import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import {
  type DropArea,
  type DropRecord,
  type DropSpec,
  type DropStatus,
  dropFolders,
  dropRecordSchema,
  dropRuntimeDirectory,
  dropSpecDirectory,
  dropSpecSchema,
  dropStatusSchema,
  HISTORY_FILES,
  UPLOAD_NAME,
} from '../../formats/file-drop.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { parsePasswd } from '../../runtime/passwd.ts'

/** Undefined where `oobm files settle` has not run since the start. */
export function readSpec(env: NodeJS.ProcessEnv): Promise<DropSpec | undefined> {
  return readJson(join(dropSpecDirectory(env), 'served.json'), dropSpecSchema)
}

/** Of each address whose program lives. */
export async function readStatuses(env: NodeJS.ProcessEnv): Promise<DropStatus[]> {
  const folder = dropRuntimeDirectory(env)
  const addresses = await readdir(folder).catch(() => [])
  const all = await Promise.all(
    addresses.sort().map(name => readJson(join(folder, name, 'status.json'), dropStatusSchema)),
  )
  const alive = await Promise.all(all.map(async status => (status && (await isAlive(status.pid)) ? [status] : [])))
  return alive.flat()
}

export const dropFileSchema = z.object({
  name: z.string(),
  bytes: z.int(),
  /** Milliseconds since 1970. */
  changedAt: z.number(),
  /** Account. */
  by: z.string(),
  /** Why equipment cannot fetch it; null where it can. */
  hidden: z.string().nullable(),
})

export type DropFile = z.output<typeof dropFileSchema>

export const roomSchema = z.object({
  files: z.int(),
  usedBytes: z.int(),
  freeBytes: z.int(),
  sizeBytes: z.int(),
  /** Unfinished downloads and uploads. */
  parts: z.array(z.string()),
})

export type Room = z.output<typeof roomSchema>

/** @throws UserError where the person may not read it */
export async function readArea(env: NodeJS.ProcessEnv, area: DropArea): Promise<DropFile[]> {
  const folder = dropFolders(env)[area]
  const owners = new Map(parsePasswd(await readFile('/etc/passwd', 'utf8')).map(({ uid, name }) => [uid, name]))
  const files: DropFile[] = []
  for (const name of await filesBelow(folder, area)) {
    const facts = await stat(join(folder, name)).catch(() => undefined)
    if (!facts) {
      files.push({ name, bytes: 0, changedAt: 0, by: '-', hidden: 'the link leads nowhere' })
      continue
    }
    const hidden = (facts.mode & 0o004) === 0 ? 'not for everybody to read: chmod o+r' : null
    files.push({
      name,
      bytes: facts.size,
      changedAt: facts.mtimeMs,
      by: owners.get(facts.uid) ?? String(facts.uid),
      hidden: area === 'read' ? hidden : null,
    })
  }
  return area === 'read' ? [...files, ...(await openHiddenFolders(folder, owners))] : files
}

/** vsftpd holds patterns against the last part of a path alone: who knows a name within such a folder gets it. */
async function openHiddenFolders(folder: string, owners: ReadonlyMap<number, string>): Promise<DropFile[]> {
  const names = await hiddenFoldersBelow(folder)
  const all = await Promise.all(
    names.map(async name => {
      const facts = await stat(join(folder, name)).catch(() => undefined)
      if (facts === undefined || (facts.mode & 0o001) === 0) return []
      const by = owners.get(facts.uid) ?? String(facts.uid)
      const why = 'but by FTP, to those who know the name of what is in it: chmod o-x'
      return [{ name: `${name}/`, bytes: 0, changedAt: facts.mtimeMs, by, hidden: why }]
    }),
  )
  return all.flat()
}

async function hiddenFoldersBelow(folder: string, within = ''): Promise<string[]> {
  // What this person may not read, the account of vsftpd may not read either: lost+found.
  const entries = await readdir(join(folder, within), { withFileTypes: true }).catch(() => [])
  const folders = entries.filter(entry => entry.isDirectory()).map(({ name }) => join(within, name))
  const below = folders.map(name =>
    basename(name).startsWith('.') ? [name] : name === UPLOAD_NAME ? [] : hiddenFoldersBelow(folder, name),
  )
  return (await Promise.all(below)).flat().sort()
}

/** Names of files, those in folders with the folder before them; no hidden ones, and nothing that only root may read. */
async function filesBelow(folder: string, area: DropArea, within = ''): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(join(folder, within), { withFileTypes: true })
  } catch (err) {
    if (errorCode(err) === 'ENOENT' || within !== '') return []
    if (errorCode(err) !== 'EACCES') throw err
    throw new UserError(`only administrators of this device may read ${folder}`, EXIT.failed, { cause: err })
  }
  const names: string[] = []
  for (const entry of entries) {
    const name = join(within, entry.name)
    if (entry.name.startsWith('.') || (area === 'read' && name === UPLOAD_NAME)) continue
    if (entry.isDirectory()) names.push(...(await filesBelow(folder, area, name)))
    else names.push(name)
  }
  return names.sort()
}

export async function readRoom(env: NodeJS.ProcessEnv, area: DropArea): Promise<Room | undefined> {
  const folder = dropFolders(env)[area]
  try {
    const { bavail, bsize, blocks, bfree } = await statfs(folder)
    const names = await readdir(folder).catch(() => [])
    return {
      files: (await filesBelow(folder, area).catch(() => [])).length,
      usedBytes: (blocks - bfree) * bsize,
      freeBytes: bavail * bsize,
      sizeBytes: blocks * bsize,
      parts: names.filter(name => name.endsWith('.part')),
    }
  } catch {
    return undefined
  }
}

/** Oldest first. What is no record, such as a line that a power cut left half written, is left out. */
export async function readHistory(env: NodeJS.ProcessEnv): Promise<DropRecord[]> {
  const { history } = dropFolders(env)
  const names = Object.values(HISTORY_FILES).flat()
  const texts = await Promise.all(names.map(name => readFile(join(history, name), 'utf8').catch(() => '')))
  return texts
    .flatMap(text => text.split('\n'))
    .flatMap(line => parseRecord(line))
    .sort((a, b) => a.at.localeCompare(b.at))
}

function parseRecord(line: string): DropRecord[] {
  try {
    const record = dropRecordSchema.safeParse(JSON.parse(line))
    return record.success ? [record.data] : []
  } catch {
    return []
  }
}

async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

async function isAlive(pid: number): Promise<boolean> {
  return stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  )
}
