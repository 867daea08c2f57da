/** Asks the console bridge to end people's sessions, or to tell them something: by a login and a command, as everybody does. */
import { ACCOUNT_ADDRESS, ANY_CONSOLE } from '../../formats/bridge-login.ts'
import type { ExecCommandName } from '../../formats/exec-commands.ts'
import { settled } from '../../runtime/waiting.ts'
import { dialLocal } from '../network/dial-local.ts'
import { connect } from '../ssh/connect.ts'
import type { Answer, Connection } from '../ssh/connection.ts'

export interface BridgeOptions {
  port: number
  /** The bridge's public host key. */
  hostKey: string
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal
}

/**
 * Ends the sessions of everybody on a console, except from the device itself; each of them is told why before.
 * @param by who switched access off; undefined if unknown
 * @returns once they are told; else why not, as part of a sentence
 */
export async function dismissPeople(
  options: BridgeOptions,
  device: string,
  by: string | undefined,
): Promise<Answer<undefined>> {
  return execute(options, 'dismiss', device, ...(by === undefined ? [] : [by]))
}

/**
 * Tells people on consoles, except on the device itself, a sentence.
 * @param lostS not to them, but to those whose session was lost in the last so many seconds, when they are back
 */
export function tellPeople(options: BridgeOptions, text: string, lostS?: number): Promise<Answer<undefined>> {
  const lost = lostS === undefined ? [] : ['--lost', String(lostS)]
  return execute(options, 'tell', ...lost, '--', text.replace(/[\r\n]/g, ' '))
}

/** @returns once the command has ended with 0; else why not, as part of a sentence */
async function execute(options: BridgeOptions, name: ExecCommandName, ...args: string[]): Promise<Answer<undefined>> {
  const { signal } = options
  const made = await logIn(options)
  if (!made.ok) return made
  try {
    const ran = await made.value.exec([name, ...args].join(' '), signal)
    if (!ran.ok) return ran
    ran.value.stream.resume()
    const { exited } = ran.value
    const code = await settled<number | undefined>(signal, undefined, settle => void exited.then(settle))
    return code === 0 ? { ok: true, value: undefined } : { ok: false, cause: failure(code, signal) }
  } finally {
    made.value.destroy()
  }
}

function failure(code: number | undefined, { aborted }: AbortSignal): string {
  if (aborted) return 'the console bridge did not answer in time'
  return code === undefined
    ? 'the console bridge ended the command without an exit code'
    : `the console bridge's command ended with ${code}`
}

/** Without a key: the bridge knows the supervisor by its account. */
async function logIn({ port, hostKey, signal }: BridgeOptions): Promise<Answer<Connection>> {
  const dialled = await dialLocal(port, signal, ACCOUNT_ADDRESS)
  if (!dialled.ok) return { ok: false, cause: `the console bridge on 127.0.0.1:${port}: ${dialled.cause}` }
  const made = await connect({
    stream: dialled.value,
    user: ANY_CONSOLE,
    credentials: { account: true },
    hostKeys: [hostKey],
    nowMs: () => performance.now(),
    signal,
  })
  if (made.ok) return { ok: true, value: made.connection }
  const { kind, detail } = made.fault
  return { ok: false, cause: `the console bridge rejects the supervisor's login (${kind}: ${detail})` }
}
