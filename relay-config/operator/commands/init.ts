/** `oobm-relay init`: asks what it does not know, and writes the first fleet file. */

import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { link, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { openQuestions, type Questions } from '../../../cli/questions.ts'
import { scanHostKeys } from '../../../cli/scan-host-keys.ts'
import { nameSchema, portSchema, relayHostSchema, userSchema } from '../../../formats/names.ts'
import { readPublicKeys } from '../../../formats/public-key-file.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { nameOf, readTextFile } from '../../../runtime/text-file.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { type FirstRelay, FLEET_JSON_SCHEMA, firstFleetText, schemaLine } from '../../fleet/edit/first-fleet.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { type BareInput, defineCommand } from '../command.ts'
import { hostKeyProblem, publicKeysIn } from '../edit/host-key-lines.ts'

export const init = defineCommand({
  summary: 'write the first fleet file; asks for what the options do not say',
  options: {
    host: { value: 'HOST', help: 'the name or address of the relay' },
    port: { value: 'N', help: 'the port of its sshd; 443 when not given' },
    accounts: {
      choices: ['shared', 'dedicated'],
      help: 'shared: use one login that exists already; dedicated: make accounts and an sshd of our own, as root',
    },
    user: { value: 'LOGIN', help: 'that login, on a shared relay' },
    name: { value: 'NAME', help: 'the name of the relay in the file' },
    'host-keys': { value: 'FILE', help: 'read its public host keys from FILE, or with - from standard input' },
    fingerprint: { value: 'SHA256:...', help: 'accept the host key with this fingerprint only' },
    yes: { help: 'ask nothing: accept the defaults, and the host keys that the relay presents' },
  },
  run: async input => {
    const { files, print, signal } = input
    const file = resolve(files.fleet)
    if (existsSync(file)) throw new UserError(`${file} exists already; nothing was changed`)
    const questions = openQuestions(input)
    try {
      const relay = await askForRelay(input, questions)
      // Only where it is true: an editor complains about a schema that it cannot read.
      const head = existsSync(FLEET_JSON_SCHEMA) ? schemaLine(FLEET_JSON_SCHEMA) : ''
      const text = head + firstFleetText(relay)
      parseFleet(file, text)
      if (signal.aborted) return EXIT.failed
      await writeNew(file, text)
      print(`wrote ${file}`)
      print(
        'Next: "oobm-relay add device NAME --console NAME --path PATH", "oobm-relay add technician NAME --key FILE".',
      )
      return EXIT.ok
    } finally {
      questions.close()
    }
  },
})

const portText = z
  .string()
  .regex(/^\d{1,5}$/, 'must be 1 to 65535')
  .transform(Number)
  .pipe(portSchema)
const accountsText = z.enum(['shared', 'dedicated'], 'must be "shared" or "dedicated"')

async function askForRelay({ values, print, signal }: BareInput, questions: Questions): Promise<FirstRelay> {
  const { ask } = questions
  const host = await ask('host', 'Name or address of the relay', relayHostSchema)
  const port = await ask('port', 'Port of its sshd', portText, '443')
  const accounts = await ask(
    'accounts',
    'Use one existing login (shared), or make accounts of its own, which needs root there (dedicated)',
    accountsText,
    'shared',
  )
  const user = accounts === 'shared' ? await ask('user', 'Name of that login', userSchema) : undefined
  const label = nameSchema.safeParse(/^[0-9.:]+$/.test(host) ? '' : host.toLowerCase().split('.')[0])
  const name = await ask(
    'name',
    'Name for the relay in the fleet file',
    nameSchema,
    label.success ? label.data : 'relay',
  )
  const relay = { name, host, port, accounts, user }
  if (values['host-keys'] !== undefined) return { ...relay, hostKeys: await readHostKeys(String(values['host-keys'])) }

  print(`asking ${host}, port ${port}, for its host keys`)
  const answer = await scanHostKeys(host, port, ['ed25519', 'ecdsa', 'rsa'], signal)
  const shown = publicKeysIn(answer.join('\n'))
  if (shown.length === 0) await refuseUnknown(host)
  if (shown.length === 0 && accounts === 'dedicated') {
    print('No SSH server answers there yet: add the key that the first "apply" makes on the relay to host_keys.')
    return { ...relay, hostKeys: [] }
  }
  if (shown.length === 0) {
    const advice = `on the relay, run "cat /etc/ssh/ssh_host_*_key.pub" and give that with --host-keys FILE`
    throw new UserError(`no SSH server answers at ${host}, port ${port}; ${advice}`, EXIT.unavailable)
  }
  return { ...relay, hostKeys: await trusted(shown, values, questions, print) }
}

/** A name without an address is a mistake, not a relay that does not answer yet. */
async function refuseUnknown(host: string): Promise<void> {
  try {
    await lookup(host)
  } catch (err) {
    const advice = 'check the name and the network here; nothing was written. --host-keys FILE works without the relay'
    throw new UserError(`no address is known for ${host} (${errorCode(err)}): ${advice}`, EXIT.unavailable, {
      cause: err,
    })
  }
}

/** Host keys that came over the network need a confirmation. */
async function trusted(
  shown: readonly string[],
  values: BareInput['values'],
  questions: Questions,
  print: BareInput['print'],
): Promise<string[]> {
  for (const key of shown) print(`  ${fingerprint(key)} ${key.split(' ')[0]}`)
  if (values.fingerprint !== undefined) {
    const named = shown.filter(key => fingerprint(key) === values.fingerprint)
    if (named.length > 0) return named
    throw new UserError('no host key has this fingerprint: another host may be answering', EXIT.failed)
  }
  print('On the relay, "for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done" must say the same.')
  if (await questions.confirm('Are these the keys of the relay?')) return [...shown]
  throw new UserError(
    'cancelled; nothing was written. Copy the host keys from the relay itself and give --host-keys FILE',
  )
}

/** In the form of `cat /etc/ssh/ssh_host_*_key.pub`, of ssh-keyscan, or of a technician's key. */
async function readHostKeys(file: string): Promise<string[]> {
  const text = await readTextFile(file)
  const problem = hostKeyProblem(text)
  if (problem !== undefined) throw new UserError(`${nameOf(file)}${problem}`, EXIT.usage)
  const keys = publicKeysIn(text)
  return keys.length > 0 ? keys : readPublicKeys(nameOf(file), text).map(({ key }) => key)
}

/** Atomic, and never replaces a file: link(2) fails where one exists. */
async function writeNew(file: string, text: string): Promise<void> {
  const folder = dirname(file)
  try {
    const scratch = await mkdtemp(join(folder, '.oobm-init-'))
    try {
      await writeAtomically(join(scratch, 'fleet.toml'), text, 0o644)
      await link(join(scratch, 'fleet.toml'), file)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  } catch (err) {
    if (errorCode(err) === 'EEXIST') throw new UserError(`${file} exists already; nothing was changed`)
    throw new UserError(`cannot write ${file}: ${reasonOf(err)}`, EXIT.failed, {
      cause: err,
    })
  }
}
