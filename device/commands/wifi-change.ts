/** `oobm wifi add`, `remove` and `prefer`: what is asked, and what is said of how it ends. */
import { openSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { secretReader } from '../../cli/ask-secret.ts'
import { usageError } from '../../cli/command.ts'
import { openQuestions } from '../../cli/questions.ts'
import { settingsRecordPath } from '../../formats/directories.ts'
import { readSettingsRecord } from '../../formats/settings-record.ts'
import { passphraseSchema, ssidSchema } from '../../formats/site-config.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { type CommandInput, defineCommand } from '../command.ts'
import { type Board, boardOf } from '../wifi/board.ts'
import { changeNetworks, readSite, type Wish } from '../wifi/change-networks.ts'
import { describeOutcome } from '../wifi/describe.ts'
import { shownName } from '../wifi/network-name.ts'
import type { Change } from '../wifi/plan-change.ts'

/** Milliseconds until nobody waits for the end of a trial any more: it may wait itself, until access is switched on. */
const TRIAL_MS = 15 * 60_000
const PACE_MS = 500
const SSID = { value: 'SSID', help: 'the name of the network, as it is broadcast' } as const
const YES = { yes: { short: 'y', help: 'ask nothing: sessions may be cut off' } } as const
const EXIT_CODES = {
  [EXIT.ok]: 'It is in force; after a trial, it was proved.',
  [EXIT.failed]: 'Nothing was changed, or the old networks are back.',
  [EXIT.unavailable]: 'Other settings are being changed or on trial, or the trial is not decided yet.',
}

export const addCommand = defineCommand({
  summary: 'add a network, or a next passphrase to one; nobody is cut off',
  details: [
    'The device takes a new network when no other is in reach, until "oobm wifi prefer".',
    'A network that is there already gets the passphrase beside the present one, which stays: the device uses whichever is accepted.',
    'It asks for the passphrase.',
    'A network with a login (WPA-Enterprise) needs a file: "oobm import", or a signed document.',
  ],
  arguments: [SSID],
  options: {
    'passphrase-file': {
      value: 'FILE',
      help: 'read the passphrase from the first line of FILE; "-" is standard input',
    },
    security: { choices: ['auto', 'wpa2', 'wpa3'], default: 'auto', help: 'which WPA the network has' },
    hidden: { help: 'the network hides its name' },
    open: { help: 'the network has no passphrase: everybody can read what is not encrypted otherwise' },
    country: { value: 'CC', help: 'the country of the board, such as JP; asked for where the device does not know it' },
  },
  examples: ['wifi add Office', 'wifi add Guests --open', 'wifi add Lab --passphrase-file -'],
  exitCodes: EXIT_CODES,
  run: async input => {
    const { values, positionals, env, signal } = input
    const [ssid = ''] = positionals
    const board = boardOf(env, signal, 'oobm wifi add SSID')
    const name = ssidSchema.safeParse(ssid)
    if (!name.success) usageError(`the name of the network ${name.error.issues[0]?.message}`)
    if (values.open && values['passphrase-file'] !== undefined)
      usageError('--open and --passphrase-file exclude each other')
    if (values.open && values.security !== 'auto') usageError('--open and --security exclude each other')
    const { system, wifi } = await readSite(board.root)
    const country = system.country === undefined || values.country !== undefined ? await countryOf(input) : undefined
    const isKnown = wifi.some(network => network.ssid === ssid)
    if (isKnown && (values.security !== 'auto' || values.hidden))
      usageError(`${shownName(ssid)} is there already: only a passphrase can be added to it`)
    const passphrase = values.open ? {} : { passphrase: await passphraseFor(ssid, isKnown, values['passphrase-file']) }
    const security = values.security as 'auto' | 'wpa2' | 'wpa3'
    const network = { ssid, security, hidden: values.hidden === true, ...passphrase }
    return carryOut(input, board, { kind: 'add', network }, `wifi add ${shownName(ssid)}`, country)
  },
})

export const removeCommand = defineCommand({
  summary: 'forget a network; on trial where it is the one that the device is in',
  arguments: [SSID],
  options: YES,
  examples: ['wifi remove Guests'],
  exitCodes: EXIT_CODES,
  run: async input => {
    const [ssid = ''] = input.positionals
    const board = boardOf(input.env, input.signal, 'oobm wifi remove SSID')
    return carryOut(input, board, { kind: 'remove', ssid }, `wifi remove ${shownName(ssid)}`)
  },
})

export const preferCommand = defineCommand({
  summary: 'take a network before all others; on trial where the device would leave the one that it is in',
  arguments: [SSID],
  options: YES,
  examples: ['wifi prefer Lab'],
  exitCodes: EXIT_CODES,
  run: async input => {
    const [ssid = ''] = input.positionals
    const board = boardOf(input.env, input.signal, 'oobm wifi prefer SSID')
    return carryOut(input, board, { kind: 'prefer', ssid }, `wifi prefer ${shownName(ssid)}`)
  },
})

async function carryOut(
  { values, env, print, paint, clock, signal }: CommandInput,
  board: Board,
  change: Change,
  typed: string,
  country?: string,
): Promise<number> {
  const mayCut: Wish['mayCut'] = async ({ leavesFor }, connection) => {
    const [from, to] = [connection?.ssid, leavesFor].map(name => (name === undefined ? 'no network' : shownName(name)))
    print(`The device leaves ${from} for ${to}. Sessions through it may end, this one too, and so may other people’s.`)
    print('Without a proof of a technician’s way in within 10 minutes, it goes back by itself.')
    if (values.yes) return true
    if (process.stdin.isTTY !== true) usageError('nobody can be asked here: --yes says that sessions may be cut off')
    const questions = openQuestions({ values, signal })
    try {
      return await questions.confirm('Go on?')
    } finally {
      questions.close()
    }
  }
  const changed = await changeNetworks(board, { change, typed, country, wallMs: clock.wallMs(), mayCut })
  if (changed === undefined) {
    print('It is so already: nothing was changed.')
    return EXIT.ok
  }
  if (changed.digest === undefined) {
    print(changed.plan.said)
    if (changed.waitsForHotspot)
      print('The radio is a hotspot now: it takes effect when that ends, as by "sudo oobm hotspot off".')
    if (changed.problem === undefined) return EXIT.ok
    throw new UserError(changed.problem)
  }
  print(
    'It is being tried. If this session ends, log in again when the device is back: "sudo oobm wifi" says how it ended.',
  )
  const untilMs = clock.nowMs() + TRIAL_MS
  while (!signal.aborted && clock.nowMs() < untilMs) {
    const record = await readSettingsRecord(settingsRecordPath(env))
    const outcome = record?.outcomes.find(({ digest }) => digest === changed.digest)
    if (outcome !== undefined) {
      print(describeOutcome(outcome, paint))
      return outcome.result === 'confirmed' ? EXIT.ok : EXIT.failed
    }
    await clock.sleep(PACE_MS, signal)
  }
  throw new UserError('the trial is not decided yet; "sudo oobm wifi" says what it waits for', EXIT.unavailable)
}

async function countryOf(input: CommandInput): Promise<string> {
  if (input.values.country === undefined && process.stdin.isTTY !== true)
    usageError(
      'the device does not know its country, which says what channels Wi-Fi may use: give --country, such as JP',
    )
  const questions = openQuestions(input)
  try {
    return await questions.ask(
      'country',
      'Country of the board, in two letters, such as JP',
      z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters'),
    )
  } finally {
    questions.close()
  }
}

async function passphraseFor(ssid: string, isKnown: boolean, file: string | undefined): Promise<string> {
  if (file !== undefined) return checked(firstLineOf(file))
  if (process.stdin.isTTY !== true)
    usageError(
      'there is no terminal to ask for the passphrase: give --passphrase-file, or --open for a network without one',
    )
  const reader = secretReader(process.stdin, process.stderr)
  try {
    const what = isKnown ? 'Next passphrase' : 'Passphrase'
    const passphrase = checked(await reader.ask(`${what} of ${shownName(ssid)}: `))
    if ((await reader.ask('The same again: ')) === passphrase) return passphrase
    throw new UserError('the two are not the same: nothing was changed', EXIT.failed)
  } finally {
    reader.close()
  }
}

/** @throws UserError that does not repeat it */
function checked(passphrase: string): string {
  const result = passphraseSchema.safeParse(passphrase)
  if (result.success) return result.data
  throw new UserError(`the passphrase ${result.error.issues[0]?.message}`, EXIT.failed)
}

function firstLineOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : openSync(file, 'r'), 'utf8').split(/\r?\n/)[0] ?? ''
  } catch (err) {
    throw new UserError(`${printable(file)} cannot be read: ${(err as Error).message}`, EXIT.failed, { cause: err })
  }
}
