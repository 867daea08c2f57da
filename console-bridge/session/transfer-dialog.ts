/** Asks for a file transfer in the middle of a session, one answer after another, and runs it. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { Seat } from '../console/seat.ts'
import { type Protocol, receiveFiles } from '../transfer/receive-files.ts'
import { runTransfer, type TransferJob } from '../transfer/run-transfer.ts'
import { sendFile } from '../transfer/send-file.ts'
import type { SharedFile, SharedFolder } from '../transfer/shared-folder.ts'
import type { Spool } from '../transfer/spool.ts'

/** Files of the folder that are shown: a screen has 24 lines. */
const SHOWN = 15
const CHOICE = 'Enter: next'
/** A transfer outlives the session that began it. */
const NEVER = new AbortController().signal

export interface TransferPlaces {
  /** For what is private to the bridge. */
  spool: Spool
  /** Whose files the menu offers, and where it puts them. */
  folder: SharedFolder
}

export interface TransferDialog {
  console: Console
  seat: Seat
  clock: Clock
  /** The end of the program. */
  stopping: AbortSignal
  places: TransferPlaces
  /** The keys that end a transfer, `Ctrl-] x`. */
  stopKeys: string
  tell(...texts: string[]): void
  /** @param lines are shown before the question. @returns undefined when it was cancelled */
  ask(question: string, enter: string, lines: readonly string[]): Promise<string | undefined>
  /** Between the questions of this work, too, nothing that is typed reaches the target. */
  dialog<T>(work: () => Promise<T>): Promise<T>
}

type Direction = 'send' | 'receive'

/** @returns what the answer means, or a sentence that it means nothing */
type Read<T> = (answer: string) => T | string | Promise<T | string>

export async function transferByMenu(at: TransferDialog): Promise<void> {
  const refusal = whyNot(at)
  if (refusal !== undefined) return at.tell(refusal)
  const wanted = await at.dialog(() => whatIsWanted(at))
  if (!wanted) return
  at.tell(`${at.stopKeys} stops the transfer; it goes on when you leave`)
  try {
    await (wanted.direction === 'send' ? send(at, wanted) : receive(at, wanted))
  } catch (err) {
    at.tell(`${wanted.what}: ${errorMessage(err)}`)
  }
}

/** @returns undefined when a question was cancelled */
async function whatIsWanted(at: TransferDialog): Promise<Wanted | undefined> {
  const words: string[] = []
  const next = <T extends object>(question: string, lines: readonly string[], read: Read<T>) =>
    answerTo(at, words, question, lines, read)

  const direction = await next('send or receive (s, r)', [], oneOf(DIRECTIONS))
  if (!direction) return undefined
  const isSend = direction.value === 'send'
  const protocols = isSend ? 'x XMODEM, k XMODEM-1K, y YMODEM' : 'x XMODEM, also 1K; y YMODEM'
  const protocol = await next(`protocol: ${protocols}`, [], oneOf(PROTOCOLS))
  if (!protocol) return undefined
  const file = isSend ? await whichFile(at, next) : await whatName(at, protocol.value.protocol, next)
  if (!file) return undefined
  const now = at.console.control.settings.baudRate
  const speed = await next(`speed for its duration (empty: ${now}, as it is)`, [], readSpeed)
  if (!speed) return undefined
  const { value } = protocol
  const what = [value.protocol, direction.value, ...(file.name === '' ? [] : [file.name])].join(' ')
  return { ...value, direction: direction.value, name: file.name, what, atSpeed: speed.value }
}

function whyNot({ console, seat, stopKeys }: TransferDialog): string | undefined {
  const { keyboard, line } = console
  if (seat.via === 'relay') return 'a file transfer needs your own key: it is not available with a login at the relay'
  const refusal = refusalOf(seat)
  if (refusal !== undefined) return refusal
  if (keyboard.transferring !== undefined) return `${keyboard.transferring}, and ${stopKeys} stops it`
  return line.whyClosed ?? keyboard.describeOccupied(seat)
}

/** Asks until the answer means something; what a person typed on one line answers several questions. */
async function answerTo<T extends object>(
  { ask }: TransferDialog,
  words: string[],
  question: string,
  lines: readonly string[],
  read: Read<T>,
): Promise<T | undefined> {
  for (let before = lines; ; ) {
    const line = words.length > 0 ? words.shift() : await ask(question, CHOICE, before)
    if (line === undefined) return undefined
    const meant = await read(line.trim())
    if (typeof meant !== 'string') return meant
    const [first = '', ...rest] = line.trim().split(/\s+/)
    const meantAlone = rest.length > 0 ? await read(first) : meant
    if (typeof meantAlone !== 'string') {
      words.push(...rest)
      return meantAlone
    }
    words.length = 0
    before = [...lines, meant]
  }
}

const DIRECTIONS: Record<string, Direction> = { s: 'send', send: 'send', r: 'receive', receive: 'receive' }
const PROTOCOLS: Record<string, { protocol: Protocol; isLong: boolean }> = {
  x: { protocol: 'xmodem', isLong: false },
  xmodem: { protocol: 'xmodem', isLong: false },
  k: { protocol: 'xmodem', isLong: true },
  'xmodem-1k': { protocol: 'xmodem', isLong: true },
  y: { protocol: 'ymodem', isLong: true },
  ymodem: { protocol: 'ymodem', isLong: true },
}

function oneOf<T>(choices: Record<string, T>): Read<{ value: T }> {
  return answer => {
    const value = Object.hasOwn(choices, answer.toLowerCase()) ? choices[answer.toLowerCase()] : undefined
    return value === undefined ? `"${answer}" is none of: ${Object.keys(choices).join(', ')}` : { value }
  }
}

function readSpeed(answer: string): { value: number | undefined } | string {
  if (answer === '') return { value: undefined }
  return /^\d{2,7}$/.test(answer) ? { value: Number(answer) } : `"${answer}" is no speed in bits per second`
}

type Next = <T extends object>(question: string, lines: readonly string[], read: Read<T>) => Promise<T | undefined>

async function whichFile(
  { places: { folder }, tell }: TransferDialog,
  next: Next,
): Promise<{ name: string } | undefined> {
  const found = await folder.list()
  if (typeof found === 'string') return void tell(found)
  const { files, others } = found
  if (files.length === 0) return void tell(`there is no file in ${folder.path}: copy one there with scp`)
  const shown = files.slice(0, SHOWN)
  const more = [
    ...(files.length > SHOWN ? [`${files.length - SHOWN} older files: by their names`] : []),
    ...(others > 0 ? [`${others} not shown: no regular files, hidden, or not complete`] : []),
  ]
  return next('file, by number or name', [`files in ${folder.path}`, ...rows(shown), ...more], async answer => {
    const name = /^\d{1,2}$/.test(answer) ? (shown[Number(answer) - 1]?.name ?? answer) : answer
    const opened = await folder.open(name)
    if (typeof opened === 'string') return opened
    await opened.file.close()
    return { name }
  })
}

function rows(files: readonly SharedFile[]): string[] {
  const width = Math.max(...files.map(({ size }) => String(size).length))
  return files.map(({ name, size, changedAtMs }, at) => {
    const time = new Date(changedAtMs).toISOString().slice(0, 16).replace('T', ' ')
    return `${String(at + 1).padStart(3)}  ${String(size).padStart(width)}  ${time}Z  ${name}`
  })
}

/** YMODEM has the target's name. */
async function whatName({ places: { folder } }: TransferDialog, protocol: Protocol, next: Next) {
  if (protocol === 'ymodem') return { name: '' }
  return next(
    `name of the file in ${folder.path}`,
    [],
    async answer => (await folder.whyTaken(answer)) ?? { name: answer },
  )
}

interface Wanted {
  direction: Direction
  protocol: Protocol
  isLong: boolean
  name: string
  what: string
  atSpeed: number | undefined
}

async function send(at: TransferDialog, { protocol, isLong, name, what, atSpeed }: Wanted): Promise<void> {
  const opened = await at.places.folder.open(name)
  if (typeof opened === 'string') return at.tell(opened)
  const { file, size } = opened
  try {
    await at.places.spool.folder(async directory => {
      // What was opened is sent, whatever has that name by then.
      await symlink('/proc/self/fd/3', join(directory, name))
      await run(at, what, atSpeed, wire =>
        sendFile(wire, { protocol, isLong, directory, file: name, size, fd: file.fd }),
      )
    })
  } finally {
    await file.close()
  }
}

async function receive(at: TransferDialog, { protocol, name, what, atSpeed }: Wanted): Promise<void> {
  const { folder } = at.places
  const incoming = folder.incoming(name, saved =>
    at.tell(`received: ${folder.path}/${saved.name}, ${saved.size} bytes`),
  )
  try {
    await run(at, what, atSpeed, wire => receiveFiles(protocol, wire, incoming))
  } finally {
    await incoming.close()
  }
}

/** The console tells everyone how it ends; only a refusal is told here. */
async function run(
  { console, seat, clock, stopping, tell }: TransferDialog,
  what: string,
  atSpeed: number | undefined,
  exchange: TransferJob['exchange'],
): Promise<void> {
  let began = false
  const why = await runTransfer({
    ...{ console, by: personOf(seat), what, atSpeed, clock, gone: NEVER, signal: stopping, report: () => {} },
    exchange: wire => {
      began = true
      return exchange(wire)
    },
  })
  if (why && !began) tell(`${what}: ${why.text}`)
}

function personOf({ technician, role, from, via, isAdmin }: Seat): Person {
  return { technician, role, from, ...(via && { via }), ...(isAdmin && { isAdmin }) }
}
