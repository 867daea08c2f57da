/** `oobm files`: what equipment can fetch here and what it put, what runs now, and what ran before. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import spawn from 'nano-spawn'
import * as z from 'zod'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import {
  dropFolders,
  dropRecordSchema,
  dropSpecDirectory,
  dropStatusSchema,
  runningSchema,
} from '../../formats/file-drop.ts'
import { fileDropSchema } from '../../formats/file-drop-settings.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { asciiJson } from '../../runtime/printable.ts'
import { type CommandInput, defineCommand } from '../command.ts'
import {
  describeFiles,
  describeHistory,
  describeRoom,
  describeRunning,
  describeServed,
} from '../files/describe-drop.ts'
import {
  dropFileSchema,
  readArea,
  readHistory,
  readRoom,
  readSpec,
  readStatuses,
  roomSchema,
} from '../files/read-drop.ts'
import { settleFiles } from '../files/settle-files.ts'
import { getCommand, putCommand, removeCommand } from './files-change.ts'

const JSON_OPTION = { json: { help: 'print one JSON document' } } as const
const shownSchema = z.object({
  version: z.literal(1),
  /** As they are in force; null where nothing was settled since the start. */
  settings: fileDropSchema.nullable(),
  problems: z.array(z.string()),
  addresses: z.array(dropStatusSchema.pick({ address: true, serves: true })),
  /** Null where nothing is served. */
  room: z.object({ read: roomSchema.nullable(), upload: roomSchema.nullable() }),
  running: z.array(runningSchema),
})
const listedSchema = z.object({
  version: z.literal(1),
  read: z.array(dropFileSchema),
  /** Null where this person may not see them. */
  upload: z.array(dropFileSchema).nullable(),
})
const recordsSchema = z.object({ version: z.literal(1), records: z.array(dropRecordSchema) })
/** Times that the configuration may change during one run. */
const TURNS = 5
const SYSTEMCTL_MS = 120_000
const VSFTPD = '/usr/sbin/vsftpd'

async function show({ values, env, print, clock }: CommandInput<{ json?: boolean | undefined }>) {
  const [spec, statuses, read, upload] = await Promise.all([
    readSpec(env),
    readStatuses(env),
    readRoom(env, 'read'),
    readRoom(env, 'upload'),
  ])
  const running = statuses.flatMap(status => status.running)
  const isServing = statuses.length > 0
  if (values.json) {
    const room = { read: (isServing && read) || null, upload: (isServing && upload) || null }
    print(
      asciiJson({
        version: 1,
        settings: spec?.settings ?? null,
        problems: spec?.problems ?? [],
        addresses: statuses.map(({ address, serves }) => ({ address, serves })),
        room,
        running,
      }),
    )
    return EXIT.ok
  }
  for (const line of describeServed(spec, statuses)) print(line)
  if (read && isServing) print(describeRoom('read', read))
  if (upload && isServing && spec?.settings.upload) print(describeRoom('upload', upload))
  for (const line of describeRunning(running, clock.wallMs())) print(line)
  return EXIT.ok
}

const statusCommand = defineCommand({
  summary: 'show what is served where, the room that is left, and the transfers that run',
  options: JSON_OPTION,
  json: shownSchema,
  run: show,
})

const listCommand = defineCommand({
  summary: 'list the files that equipment can fetch, and what it put',
  details: ['Uploads are listed for administrators of the device only.'],
  options: JSON_OPTION,
  json: listedSchema,
  run: async ({ values, env, print }) => {
    const read = await readArea(env, 'read')
    const upload = await readArea(env, 'upload').catch(err => {
      if (err instanceof UserError) return undefined
      throw err
    })
    if (values.json) print(asciiJson({ version: 1, read, upload: upload ?? null }))
    else {
      print(`${dropFolders(env).read}: ${read.length === 0 ? 'no files' : 'equipment can fetch'}`)
      for (const line of describeFiles(read)) print(`  ${line}`)
      const what =
        upload === undefined ? 'only administrators see them' : upload.length === 0 ? 'no files' : 'put by equipment'
      print(`${dropFolders(env).upload}: ${what}`)
      for (const line of describeFiles(upload ?? [])) print(`  ${line}`)
    }
    return EXIT.ok
  },
})

const historyCommand = defineCommand({
  summary: 'show who took or put which file, when, and whether all of it arrived',
  details: [
    'It has what equipment did, and what people did with "oobm files"; of files that came by scp, "oobm files list" says whose they are.',
  ],
  options: JSON_OPTION,
  json: recordsSchema,
  run: async ({ values, env, print }) => {
    const records = await readHistory(env)
    if (values.json) print(asciiJson({ version: 1, records }))
    else for (const line of describeHistory(records)) print(line)
    return EXIT.ok
  },
})

const settleCommand = defineCommand({
  summary: 'make the file drop what the configuration says: its file systems and its services',
  details: ['oobm-files.service runs this when the device starts and when its configuration changes.'],
  exitCodes: {
    [EXIT.configuration]: 'Something cannot be as it says; the reason is printed, and the rest is in force.',
  },
  run: async ({ env, print }) => {
    if (process.getuid?.() !== 0)
      throw new UserError('oobm files settle: only root can do this; use: sudo systemctl start oobm-files', EXIT.usage)
    const path = deviceConfigPath(env)
    let problems: string[] = []
    let done: string | undefined
    // systemd misses a change while the unit is running (systemd.path(5)).
    for (let turn = 0; turn < TURNS; turn++) {
      const text = await readFile(path, 'utf8')
      if (text === done) break
      const { files: settings } = parseToml(path, text, deviceConfigSchema)
      problems = await settleFiles({
        settings,
        folders: dropFolders(env),
        spec: dropSpecDirectory(env),
        hasFtp: existsSync(VSFTPD),
        systemctl: async args => (await spawn('systemctl', args, { timeout: SYSTEMCTL_MS })).stdout,
        say: print,
      })
      done = text
    }
    for (const problem of problems) print(problem)
    return problems.length === 0 ? EXIT.ok : EXIT.configuration
  },
})

export const filesCommand = defineCommand({
  summary: 'show and change the files that equipment fetches here by TFTP, FTP and HTTP, and what it puts',
  options: JSON_OPTION,
  json: shownSchema,
  commands: {
    status: statusCommand,
    list: listCommand,
    put: putCommand,
    get: getCommand,
    remove: removeCommand,
    history: historyCommand,
    settle: settleCommand,
  },
  run: show,
})
