/** The copy of a dedicated relay's host key that `push` keeps and restores: devices refuse a relay with another key. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { secretReader } from '../../../cli/ask-secret.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { readTextFile } from '../../../runtime/text-file.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import type { BareInput } from '../command.ts'
import { readRelayPublicKey, relayKeyPath } from '../relay-keys.ts'
import { askRelay, type RelayCall, SHORT_MS } from '../remote/ssh-to-relay.ts'
import { publicHalfOf, seal, unseal } from '../sealed-key.ts'

/** Characters of a passphrase: the copy may end up on many disks. */
const SHORTEST = 8

/**
 * Brings a copy here, unless there is one. What keeps it from that is said, and makes no failure of a push that was applied.
 * @param way to the relay, as it was pushed
 */
export async function keepCopy(relay: Relay, way: Pick<RelayCall, 'host' | 'port'>, input: BareInput): Promise<void> {
  const { files, values, print, signal } = input
  if (values['no-copy']) return
  const kept = await readRelayPublicKey(files.secrets, relay)
  if (kept !== undefined && (relay.hostKeys.length === 0 || relay.hostKeys.includes(kept))) return
  const path = relayKeyPath(files.secrets, relay)
  if (kept !== undefined) {
    // It may be needed to restore a relay: only a person may delete it.
    return warn(
      `${path} is not among host_keys of relay ${relay.name}: move it away; the next push keeps a copy of the present key`,
    )
  }
  const passphrase = await passphraseOf(input, `New passphrase for the copy of its host key in ${path}`, true)
  if (passphrase === undefined) {
    const advice = 'run push in a terminal, or give --passphrase-file FILE or --no-copy'
    return warn(
      `no copy of this relay's host key is kept: if the relay is lost, its devices refuse its replacement; ${advice}`,
    )
  }
  const args = ['host-key', '--here', '--private']
  const { code, stdout } = await askRelay({ relay, ...way, args, stdin: 'none', limitMs: SHORT_MS, signal })
  if (code !== EXIT.ok) return warn('no copy of its host key is kept: the relay did not send it')
  const privateKey = `${stdout.trimEnd()}\n`
  const publicKey = await publicHalfOf(privateKey, signal)
  const sealed = await seal(privateKey, passphrase, signal)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeAtomically(path, sealed, 0o600)
  await writeAtomically(`${path}.pub`, `${publicKey} ${relay.name} host key\n`, 0o644)
  print(`kept a copy of its host key in ${path}: back it up, and keep the passphrase in another place`)
}

function warn(text: string): void {
  process.stderr.write(`oobm-relay push: ${text}\n`)
}

/** The host key itself, for the relay that gets it back. @throws UserError without a copy, or for another passphrase */
export async function openCopy(relay: Relay, input: BareInput): Promise<string> {
  const { files, signal } = input
  const path = relayKeyPath(files.secrets, relay)
  const sealed = await readFile(path, 'utf8').catch(err => {
    throw new UserError(`cannot read the copy, ${path}: ${reasonOf(err)}`, EXIT.configuration, { cause: err })
  })
  const passphrase = await passphraseOf(input, `The passphrase of ${path}`, false)
  if (passphrase === undefined) {
    throw new UserError('--restore needs a terminal, to ask for the passphrase, or --passphrase-file FILE', EXIT.usage)
  }
  const privateKey = await unseal(sealed, passphrase, signal).catch(err => {
    if (!(err instanceof UserError)) throw err
    throw new UserError(`wrong passphrase for ${path}; nothing was sent`, EXIT.failed, { cause: err })
  })
  const publicKey = await publicHalfOf(privateKey, signal)
  if (publicKey === (await readRelayPublicKey(files.secrets, relay))) return privateKey
  throw new UserError(`${path}.pub is not the public half of ${path}`, EXIT.configuration)
}

/** From a file, or a terminal; undefined where there is neither. */
async function passphraseOf({ values }: BareInput, question: string, isNew: boolean): Promise<string | undefined> {
  const file = values['passphrase-file']
  if (file === undefined && !process.stdin.isTTY) return undefined
  const passphrase = file === undefined ? await askForIt(question, isNew) : await firstLineOf(String(file))
  if (passphrase.length >= SHORTEST || !isNew) return passphrase
  throw new UserError(`a passphrase has at least ${SHORTEST} characters; no copy was made`, EXIT.usage)
}

async function askForIt(question: string, isNew: boolean): Promise<string> {
  const reader = secretReader(process.stdin, process.stderr)
  try {
    const passphrase = await reader.ask(`${question}: `)
    if (isNew && passphrase !== (await reader.ask('The passphrase again: '))) {
      throw new UserError('the two passphrases differ; no copy was made', EXIT.usage)
    }
    return passphrase
  } finally {
    reader.close()
  }
}

async function firstLineOf(file: string): Promise<string> {
  return (await readTextFile(file)).split('\n')[0] ?? ''
}
