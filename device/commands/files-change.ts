/** `oobm files put`, `get` and `remove`. */
import { createWriteStream } from 'node:fs'
import { constants, open, readFile, rm, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { usageError } from '../../cli/command.ts'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { DROP_AREAS, type DropRecord, dropFolders } from '../../formats/file-drop.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { type CommandInput, defineCommand } from '../command.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { sizeText } from '../files/amounts.ts'
import { fetchUrl, nameOfUrl } from '../files/fetch-url.ts'
import { checkMounted } from '../files/mounted.ts'
import { writePeopleRecord } from '../files/people-record.ts'
import { inWords, putFile } from '../files/put-file.ts'
import { readRoom } from '../files/read-drop.ts'

export const putCommand = defineCommand({
  summary: 'put a file where equipment can fetch it: from this device, or from an address',
  details: [
    'Only an administrator of the device may. From elsewhere, "scp FILE DEVICE:/srv/oobm/read/" does the same.',
    'From an address, it goes on where a connection was lost, also in the next command; https, or http with --sha256. Over an uplink that is paid by the byte it needs --force.',
  ],
  arguments: [{ value: 'FILE|URL', help: 'a file of this device, or an address' }],
  options: {
    name: { value: 'NAME', help: 'the name that it gets; without it, its own' },
    sha256: { value: 'HEX', help: 'refuse another file than the one with this SHA-256 (of an address)' },
    replace: { help: 'a file of that name is replaced' },
    force: { help: 'fetch it over an uplink that is paid by the byte, too' },
  },
  examples: ['files put ios.bin', 'files put https://files.example.net/ios.bin --sha256 HEX'],
  exitCodes: {
    [EXIT.unavailable]: 'The server did not answer, or not to the end; the same command goes on from there.',
  },
  run: async input => {
    const { values, positionals, env, print, clock, signal } = input
    const [from = ''] = positionals
    const folder = dropFolders(env).read
    await checkMounted(env, 'read')
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(from) ? parseUrl(from) : undefined
    const name = values.name ?? (url ? nameOfUrl(url) : basename(from))
    const place = { folder, name, isReplacing: values.replace === true }
    const show = progressLine(name)
    let size: number
    try {
      if (url) {
        const sha256 = values.sha256?.toLowerCase()
        if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) usageError('--sha256 takes 64 hex digits')
        if (!values.force) await refuseMetered(env)
        const onRetry = (why: string) => void process.stderr.write(`${why}; trying again\n`)
        size = await fetchUrl({ url, place, sha256, clock, signal, onBytes: show.update, onRetry })
      } else {
        if (values.sha256 !== undefined) usageError('--sha256 is for an address')
        size = await putFile(from, place, { signal, onBytes: show.update })
      }
    } finally {
      show.end()
    }
    print(`${name}: ${sizeText(size)} can be fetched now`)
    await record(input, { how: url ? 'url' : 'hand', what: 'put', file: name, bytes: size, whole: true })
    return EXIT.ok
  },
})

export const getCommand = defineCommand({
  summary: 'copy an upload, or a file that can be fetched, to where you are',
  details: [
    'Only an administrator of the device may read uploads. TO may be "-": ssh DEVICE oobm files get NAME - >NAME.',
  ],
  arguments: [
    { value: 'NAME', help: 'as "oobm files list" shows it; an upload first' },
    { value: 'TO', help: 'the file that is written; without it, NAME here; "-" is standard output', isOptional: true },
  ],
  examples: ['files get core-sw1-confg', 'files get core-sw1-confg -'],
  run: async input => {
    const { positionals, env, signal } = input
    const [name = '', to = basename(name)] = positionals
    const { path, area } = await find(env, name)
    const source = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(err => {
      throw inWords(err, dropFolders(env)[area])
    })
    const target = to === '-' ? process.stdout : createWriteStream(to, { flags: 'wx' })
    try {
      await pipeline(source.createReadStream({ autoClose: false, signal }), target, { end: to !== '-' })
    } catch (err) {
      if (errorCode(err) === 'EEXIST') throw new UserError(`${to} is there already; name another one`, EXIT.usage)
      throw err
    } finally {
      await source.close()
    }
    const { size } = await stat(path)
    await record(input, { how: 'hand', what: 'took', file: name, bytes: size, whole: true })
    return EXIT.ok
  },
})

export const removeCommand = defineCommand({
  summary: 'remove files that can be fetched, or uploads',
  details: ['Only an administrator of the device may.'],
  arguments: [{ value: 'NAME', help: 'as "oobm files list" shows it', isOptional: true, isRepeated: true }],
  options: {
    upload: { help: 'the names are those of uploads' },
    unfinished: { help: 'what is left of downloads that were cut' },
  },
  examples: ['files remove ios.bin', 'files remove --upload core-sw1-confg', 'files remove --unfinished'],
  run: async input => {
    const { values, positionals, env, print } = input
    const area = values.upload ? 'upload' : 'read'
    await checkMounted(env, area)
    const folder = dropFolders(env)[area]
    const parts = values.unfinished ? ((await readRoom(env, area))?.parts ?? []) : []
    if (positionals.length === 0 && !values.unfinished) usageError('which files? "oobm files list" shows them')
    let failures = 0
    for (const name of [...positionals, ...parts]) {
      try {
        checkInside(name)
        const path = join(folder, name)
        if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new UserError('it is a folder; use rm -r')
        await rm(path)
        print(`${printable(name, 120)} is removed`)
        if (!parts.includes(name))
          await record(input, { how: 'hand', what: 'removed', file: name, bytes: null, whole: null })
      } catch (err) {
        failures++
        const why = errorCode(err) === 'ENOENT' ? 'there is no such file' : errorMessage(inWords(err, folder))
        process.stderr.write(`${printable(name, 120)}: ${why}\n`)
      }
    }
    return failures === 0 ? EXIT.ok : EXIT.failed
  },
})

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) usageError(`${printable(text, 120)} is no address`)
  return new URL(text)
}

/** @throws UserError */
async function refuseMetered(env: NodeJS.ProcessEnv): Promise<void> {
  const reading = await readSupervisor(env)
  const uplink = reading.running ? reading.status.uplinks?.find(({ carries }) => carries) : undefined
  const force = 'use --force to fetch it nevertheless'
  if (uplink) {
    if (uplink.metered) throw new UserError(`the way out is ${uplink.name}, which is paid by the byte; ${force}`)
    return
  }
  const path = deviceConfigPath(env)
  const { profile, uplinks } = parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema)
  const named = uplinks.find(({ metered }) => metered)?.interface
  if (profile === 'cellular') throw new UserError(`the connection is paid by the byte (profile = "cellular"); ${force}`)
  if (named !== undefined) throw new UserError(`the way out may be ${named}, which is paid by the byte; ${force}`)
}

async function find(env: NodeJS.ProcessEnv, name: string) {
  checkInside(name)
  for (const area of [...DROP_AREAS].reverse()) {
    const path = join(dropFolders(env)[area], name)
    const facts = await stat(path).catch(err => {
      if (errorCode(err) === 'EACCES') throw inWords(err, dropFolders(env)[area])
    })
    if (facts?.isFile()) return { path, area }
  }
  throw new UserError(`there is no file ${printable(name, 120)}; "oobm files list" shows what there is`)
}

/** @throws UserError for a name that leads elsewhere */
function checkInside(name: string): void {
  if (name === '' || name.startsWith('/') || name.split('/').includes('..'))
    throw new UserError('a name is one that "oobm files list" shows', EXIT.usage)
}

/** What was done stays done where it cannot be written down. */
async function record({ env, clock }: CommandInput, what: Omit<DropRecord, 'at' | 'who'>): Promise<void> {
  const who = process.env.SUDO_USER ?? userInfo().username
  const at = new Date(clock.wallMs()).toISOString()
  await writePeopleRecord(dropFolders(env).history, { at, who, ...what }).catch(err =>
    process.stderr.write(`it is not in the history: ${errorMessage(err)}\n`),
  )
}

/** On a terminal, how far it is: one line that is written over. */
function progressLine(name: string) {
  let shown = ''
  return {
    update: (done: number, size: number | undefined) => {
      if (!process.stderr.isTTY) return
      const text =
        size === undefined || size === 0 ? sizeText(done) : `${Math.floor((100 * done) / size)}% of ${sizeText(size)}`
      if (text !== shown) process.stderr.write(`\r${printable(name, 60)}: ${text}   `)
      shown = text
    },
    end: () => void (shown !== '' && process.stderr.write('\n')),
  }
}
