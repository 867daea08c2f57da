/** What the programs of the file drop hand to each other: where things are, what is served, and what was taken or put. */
import { join } from 'node:path'
import * as z from 'zod'
import { fileDropSchema } from './file-drop-settings.ts'

/** The protocols that equipment uses, and `hand` for people. */
export const DROP_PROTOCOLS = ['tftp', 'ftp', 'http'] as const
export type DropProtocol = (typeof DROP_PROTOCOLS)[number]

/** The file systems, each of an image of its own. */
export const DROP_AREAS = ['read', 'upload'] as const
export type DropArea = (typeof DROP_AREAS)[number]

/** Name of the folder that shows the uploads, within what is served. No file of the read directory may have it. */
export const UPLOAD_NAME = 'upload'
/** Administrators of the device are its members: they may write to both directories. */
export const DROP_GROUP = 'oobm-drop-admin'

export interface DropFolders {
  /** Where the images are, and the history: on what outlives a reboot. */
  state: string
  read: string
  upload: string
  history: string
}

export function dropFolders(env: NodeJS.ProcessEnv): DropFolders {
  const state = env.OOBM_DROP ?? '/var/lib/oobm-drop'
  const served = env.OOBM_DROP_SERVED ?? '/srv/oobm'
  return { state, read: join(served, 'read'), upload: join(served, 'upload'), history: join(state, 'history') }
}

/** What `oobm files settle` writes for the units: its files are their conditions. */
export function dropSpecDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_DROP_SPEC ?? '/run/oobm-files'
}

/** The mount unit of each area. */
export const DROP_MOUNTS: Record<DropArea, string> = { read: 'srv-oobm-read.mount', upload: 'srv-oobm-upload.mount' }

/** A folder for each address that serves, with `status.json`. */
export function dropRuntimeDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_DROP_RUNTIME ?? '/run/oobm-drop'
}

/** `served.json`: the settings as they are in force, and what is wrong with them. */
export const dropSpecSchema = z.object({
  version: z.literal(1),
  settings: fileDropSchema,
  /** In sentences. */
  problems: z.array(z.string()),
})
export type DropSpec = z.output<typeof dropSpecSchema>

const recordFields = {
  /** ISO 8601. */
  at: z.string(),
  /** Address of the equipment, or the name of a person. */
  who: z.string(),
  file: z.string(),
}

/** One line of the history. */
export const dropRecordSchema = z.object({
  ...recordFields,
  how: z.enum([...DROP_PROTOCOLS, 'hand', 'url']),
  /** From the equipment's or the person's view. */
  what: z.enum(['took', 'put', 'removed', 'refused']),
  bytes: z.int().nullable(),
  /** Of a transfer: whether all of it arrived. */
  whole: z.boolean().nullable(),
  /** Why it was refused or cut; where more of the same came in that minute, how many. */
  why: z.string().optional(),
})
export type DropRecord = z.output<typeof dropRecordSchema>

export const runningSchema = z.object({
  ...recordFields,
  how: z.enum(DROP_PROTOCOLS),
  what: z.enum(['took', 'put']),
  /** So far; null where the program does not say. */
  bytes: z.int().nullable(),
  /** Null where it is not known. */
  size: z.int().nullable(),
})
export type Running = z.output<typeof runningSchema>

/** `status.json` of one address. */
export const dropStatusSchema = z.object({
  version: z.literal(1),
  /** ISO 8601. */
  at: z.string(),
  pid: z.int(),
  address: z.string(),
  serves: z.array(z.string()),
  running: z.array(runningSchema),
})
export type DropStatus = z.output<typeof dropStatusSchema>

/** Files of the history, oldest first; each at most {@link HISTORY_BYTES}. */
export const HISTORY_FILES = {
  equipment: ['equipment.1.jsonl', 'equipment.jsonl'],
  people: ['people.1.jsonl', 'people.jsonl'],
} as const
export const HISTORY_BYTES = 524_288

/** What names the files that equipment or a person puts: safe in each protocol, file system, shell and terminal. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+=@~,()[\] -]{0,127}$/

/** Why a new file cannot have this name; undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'a name is missing'
  if (name.length > 128) return 'a name has at most 128 characters'
  if (/[/\\]/.test(name)) return 'a name has no folder in it'
  if (name.startsWith('.')) return 'a name does not begin with a dot'
  if (name === UPLOAD_NAME || name === 'lost+found') return `the name "${name}" is taken`
  if (!NAME.test(name) || name.endsWith(' ')) return 'a name has letters, digits, spaces and _.+=@~,()[]- only'
  return undefined
}
