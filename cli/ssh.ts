/** Starts the OpenSSH client: the one place that does. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { EXIT, errorMessage, UserError } from '../runtime/errors.ts'

/** The exit code of ssh itself, when it could not connect, log in or forward (ssh(1), EXIT STATUS). */
export const SSH_FAILED = 255

/** Characters of an answer: that of a large fleet has a few million, and a host that was broken into may send without end. */
export const SAID_MAX = 64 * 1024 ** 2

export interface SshCall {
  /** What it reads: a text; what this program would; or nothing. */
  stdin?: { text: string } | 'ours' | 'none'
  /** What the caller gets of its output; the rest is shown. */
  kept?: 'stdout' | 'all'
  /** Another of OpenSSH's clients. */
  program?: 'ssh' | 'sftp'
  /** Gets its process id, once it runs. */
  onStart?(pid: number): void
  /** Gets what is kept as it arrives. */
  onText?(text: string): void
  /** Gets what ssh says to people, which otherwise goes to the terminal. */
  onComplaint?(text: string): void
  /** Its output has no end: `onText` alone gets it. */
  isEndless?: boolean
  signal: AbortSignal
}

export interface SshAnswer {
  /** That of the command, or {@link SSH_FAILED}; undefined where ssh was ended by a signal. */
  code: number | undefined
  /** The output that is kept. */
  said: string
}

/**
 * Ends with ssh, which `signal` ends.
 * @throws UserError with exit code 69 where ssh cannot be run, with 1 where the other side sends without end
 */
export function runSsh(args: readonly string[], call: SshCall): Promise<SshAnswer> {
  const { program = 'ssh', stdin = 'ours', kept, onStart, onText, onComplaint, isEndless = false, signal } = call
  const input = typeof stdin === 'object' ? 'pipe' : stdin === 'ours' ? 'inherit' : 'ignore'
  const isErrorPiped = kept === 'all' || onComplaint !== undefined
  const outputs = [kept === undefined ? 'inherit' : 'pipe', isErrorPiped ? 'pipe' : 'inherit'] as const
  const child = spawn(program, args, { stdio: [input, ...outputs], signal })
  if (child.pid !== undefined) onStart?.(child.pid)
  let said = ''
  if (onComplaint) child.stderr?.setEncoding('utf8').on('data', onComplaint)
  for (const stream of onComplaint ? [child.stdout] : [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length > SAID_MAX) return
      if (!isEndless) said += text
      onText?.(text)
      if (said.length > SAID_MAX) child.kill()
    })
  }
  // A server that refuses reads nothing: the exit code says so.
  child.stdin?.on('error', () => {})
  if (typeof stdin === 'object') child.stdin?.end(stdin.text)
  return new Promise((resolve, reject) => {
    child.once('error', err => {
      if (signal.aborted) return resolve({ code: undefined, said })
      const message = `cannot run ${program}, which is in the package openssh-client: ${errorMessage(err)}`
      reject(new UserError(message, EXIT.unavailable, { cause: err }))
    })
    child.once('close', code => {
      if (said.length <= SAID_MAX) return resolve({ code: code ?? undefined, said })
      const message = `the other side sent more than ${SAID_MAX / 1024 ** 2} MB, which no answer has: is that host what it was?`
      reject(new UserError(message, EXIT.failed))
    })
  })
}

/** An ssh whose three streams are the caller's, and which the caller ends. */
export type SshPipe = ChildProcessByStdio<Writable, Readable, Readable>

export function startSsh(args: readonly string[]): SshPipe {
  return spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] })
}

/**
 * Settings with which ssh makes the file once it is logged in (LocalCommand in ssh_config(5)): what it prints is for people, and
 * differs between versions. A client of a shared connection does not make it.
 * @param file a path of ours, without anything that a shell would read
 */
export function markLogin(file: string): Record<string, string> {
  return { PermitLocalCommand: 'yes', LocalCommand: `: >'${file.replaceAll('%', '%%')}'` }
}

/** Settings as arguments of ssh. */
export function sshSettings(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}
