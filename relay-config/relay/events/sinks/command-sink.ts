/** Runs a program for each event, with the JSON on its standard input. */
import { spawn } from 'node:child_process'
import { errorMessage } from '../../../../runtime/errors.ts'
import { printable } from '../../../../runtime/printable.ts'
import { settled, within } from '../../../../runtime/waiting.ts'
import type { RelayEvent } from '../event.ts'
import { allOrNothing, type Sink } from '../sink.ts'

/** Milliseconds after which it is killed, with what it has started. */
const RUN_MS = 30_000
/** Characters of its standard error that are kept, for the message. */
const SAID = 2_000

/** Ambient capabilities, which let this program read the relay's state, would be passed on: setpriv(1) of util-linux drops them. */
const WITHOUT_RIGHTS = ['setpriv', '--inh-caps=-all', '--ambient-caps=-all', '--']

export function commandSink(command: readonly string[]): Sink {
  return {
    batch: 1,
    deliver: ([event], signal) =>
      allOrNothing(1, event === undefined ? Promise.resolve(undefined) : run(command, event, signal)),
  }
}

/** @returns why it failed; undefined if it ended with 0 */
async function run(command: readonly string[], event: RelayEvent, signal: AbortSignal): Promise<string | undefined> {
  const [program = '', ...args] = [...WITHOUT_RIGHTS, ...command]
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own, so that what it started ends with it.
    detached: true,
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      OOBM_EVENT: event.event,
      OOBM_DEVICE: event.device,
      OOBM_TEXT: event.text,
    },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', chunk => {
    said = `${said}${chunk}`.slice(0, SAID)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(`${JSON.stringify(event)}\n`)
  const outcome = await within(RUN_MS, [signal], over =>
    settled<string | undefined>(over, 'ended', settle => {
      child.once('error', err => settle(errorMessage(err)))
      child.once('close', (code, killedBy) =>
        settle(code === 0 ? undefined : `exit code ${code ?? killedBy}${first(said)}`),
      )
    }),
  )
  if (child.pid !== undefined && child.exitCode === null) kill(child.pid)
  return outcome.kind === 'done'
    ? outcome.value
    : outcome.kind === 'timeout'
      ? `killed after ${RUN_MS / 1000} s`
      : 'ended'
}

function first(said: string): string {
  const [line = ''] = said.trim().split('\n')
  return line === '' ? '' : `: ${printable(line)}`
}

function kill(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
