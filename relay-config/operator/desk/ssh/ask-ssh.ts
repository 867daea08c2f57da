/** One question by ssh that nobody is asked anything for: in time, bounded, and with what ssh says kept apart. */
import { spawn } from 'node:child_process'
import { type SshPipe, startSsh } from '../../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import { printable } from '../../../../runtime/printable.ts'
import { settled, within } from '../../../../runtime/waiting.ts'

export interface SshReply {
  code: number | null
  stdout: string
  /** The last line of what ssh said, cleaned. */
  said: string
}

/** Characters of an answer: that of a large fleet has a few million. */
const ANSWER_MAX = 32 * 1024 ** 2
const SAID_MAX = 4_096

export interface AskOptions {
  input?: string | undefined
  limitMs: number
  signal: AbortSignal
}

/** @throws UserError with exit code 69 where there is no answer in time */
export function askSsh(args: readonly string[], options: AskOptions): Promise<SshReply> {
  return ask(() => startSsh(['-o', 'BatchMode=yes', ...args]), options)
}

/** The same of another program. */
export function askProgram(program: string, args: readonly string[], options: AskOptions): Promise<SshReply> {
  return ask(() => spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] }), options)
}

async function ask(start: () => SshPipe, { input, limitMs, signal }: AskOptions): Promise<SshReply> {
  const outcome = await within(limitMs, [signal], over => runOnce(start(), input, over))
  if (outcome.kind === 'done') return outcome.value
  const why = outcome.kind === 'aborted' ? 'the question was given up' : `no answer within ${limitMs / 1_000} s`
  throw new UserError(why, EXIT.unavailable)
}

function runOnce(child: SshPipe, input: string | undefined, over: AbortSignal): Promise<SshReply> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.length > ANSWER_MAX) child.kill()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SAID_MAX)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const reply = settled<SshReply>(over, { code: null, stdout, said: '' }, settle => {
    child.once('error', () =>
      settle({ code: null, stdout: '', said: 'it cannot be run: is openssh-client installed?' }),
    )
    child.once('close', code => settle({ code, stdout, said: lastLine(stderr) }))
  })
  return reply.finally(() => child.kill())
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return printable(lines.at(-1)?.trim() ?? '', 300)
}
