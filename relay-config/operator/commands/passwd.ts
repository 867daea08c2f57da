/** `oobm-relay passwd`: sets the password with which a technician logs in at this relay (way 2), in shadow(5). */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import spawn, { SubprocessError } from 'nano-spawn'
import { secretReader } from '../../../cli/ask-secret.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { firstOther } from '../../../runtime/odd-characters.ts'
import type { Technician } from '../../fleet/fleet-config.ts'
import { passwordOpensHost } from '../../relay/apply/host-sshd.ts'
import { appendHistory } from '../../relay/history.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { defineCommand, withFleet } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

/** Characters. The port is open to the whole network, so weak passwords will be guessed. */
const SHORTEST = 12
/** Bytes: crypt(3) of some systems takes no more. */
const LONGEST = 200
/** In shadow(5): no password matches it, and, unlike with `!`, sshd still accepts the account's keys. */
const NO_PASSWORD = '*'

export const passwd = defineCommand({
  summary: 'set the password of a technician’s login on a dedicated relay, or take it away',
  arguments: [{ value: 'TECHNICIAN', help: 'the technician' }],
  options: {
    lock: { help: 'take the password away; keys still open the login' },
    ...AT_RELAY_OPTIONS,
    root: { value: 'DIR', help: 'work on the accounts of the system below DIR' },
  },
  atRelay: { isDedicated: true, stdin: 'typed' },
  run: withFleet(async ({ fleet, files, positionals: [name = ''], values, print, signal }) => {
    const technician = fleet.technicians.find(technician => technician.name === name)
    if (!technician) throw new UserError(`"${name}" is not a technician of ${files.fleet}`, EXIT.usage)
    const root = resolve(values.root ?? '/')
    await checkAccount(root, technician)
    if (values.lock) {
      await chpasswd(root, ['--encrypted'], `${name}:${NO_PASSWORD}`, signal)
      await appendHistory(relayPaths(root), { event: 'password locked', technician: name })
      print(`${name} has no password any more. Keys still open the login; remove them from ${files.fleet} if needed`)
      return EXIT.ok
    }
    if (technician.login.length === 0) {
      const advice = `${name} has no console to log in to: add some to login = [...] in ${files.fleet}, and apply it`
      throw new UserError(advice, EXIT.configuration)
    }
    const danger = root === '/' ? await passwordOpensHost(name) : undefined
    if (danger !== undefined) throw new UserError(`nothing was changed: ${danger}`, EXIT.configuration)
    await chpasswd(root, ['--crypt-method', 'YESCRYPT'], `${name}:${await askPassword(name)}`, signal)
    await appendHistory(relayPaths(root), { event: 'password set', technician: name })
    print(`${name} has a new password`)
    return EXIT.ok
  }),
})

/** What is wrong with a password, as a sentence; undefined for a good one. */
export function passwordProblem(password: string, technician: string): string | undefined {
  if ([...password].length < SHORTEST) return `it must have at least ${SHORTEST} characters`
  if (Buffer.byteLength(password) > LONGEST) return `it must have at most ${LONGEST} bytes`
  const odd = firstOther(password, /[^\p{C}\p{Z}]| /u)
  if (odd !== undefined) return `its character ${odd.position} is ${odd.name}, which cannot be typed`
  if (password.includes(technician)) return 'it must not contain the name'
  return new Set(password).size < 5 ? 'it must have more than four different characters' : undefined
}

/** Twice from a terminal; once from a pipe. */
async function askPassword(technician: string): Promise<string> {
  const { stdin, stderr } = process
  const reader = secretReader(stdin, stderr)
  try {
    const password = await reader.ask(stdin.isTTY ? `New password for ${technician}: ` : '')
    const problem = passwordProblem(password, technician)
    if (problem !== undefined) throw new UserError(`nothing was changed: ${problem}`, EXIT.usage)
    if (stdin.isTTY && (await reader.ask('The password again: ')) !== password) {
      throw new UserError('nothing was changed: the two passwords differ', EXIT.usage)
    }
    return password
  } finally {
    reader.close()
  }
}

/** Another account of the system may have the same name: the uid identifies the technician. */
async function checkAccount(root: string, { name, uid }: Technician): Promise<void> {
  const file = join(root, 'etc/passwd')
  const text = await readFile(file, 'utf8').catch(err => {
    throw new UserError(`cannot read ${file} (${errorCode(err)})`, EXIT.unavailable)
  })
  const entry = text.split('\n').find(line => line.startsWith(`${name}:`))
  if (entry === undefined) {
    throw new UserError(`${name} has no account on this host yet: "oobm-relay apply" makes it on a dedicated relay`)
  }
  if (uid === undefined || Number(entry.split(':')[2]) !== uid) {
    throw new UserError(`the account "${name}" in ${file} is not the technician's, whose uid is ${uid ?? 'not set'}`)
  }
}

/** chpasswd(8) reads it from standard input: every user of the host can read arguments. */
async function chpasswd(root: string, options: string[], line: string, signal: AbortSignal): Promise<void> {
  const below = root === '/' ? [] : ['--root', root]
  try {
    await spawn('chpasswd', [...below, ...options], { stdin: { string: `${line}\n` }, signal })
  } catch (err) {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    const said = err.stderr || 'it is in the package "passwd"; are you root?'
    throw new UserError(`chpasswd failed, nothing was changed: ${said}`, EXIT.failed, { cause: err })
  }
}
