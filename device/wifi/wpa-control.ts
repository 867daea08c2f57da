/** A conversation with wpa_supplicant at its control socket, by wpa_cli(8): Node.js has no datagram sockets of this kind. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'

/** Milliseconds for one answer: the program does nothing else meanwhile. */
const ANSWER_MS = 10_000
/** Milliseconds for wpa_cli to end. */
const END_MS = 2_000

export interface WpaControl {
  /** @returns the lines of the answer. @throws UserError when there is none in time */
  ask(command: string): Promise<string[]>
  /** Like `ask`, for a command that answers with `OK`. @throws UserError when it does not */
  tell(command: string): Promise<void>
  /** Waits for a message of this pattern. @returns false when it does not come in time */
  awaitMessage(pattern: RegExp, ms: number): Promise<boolean>
}

/** Where wpa_supplicant has its sockets, one for each interface. */
export function wpaDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_WPA ?? '/run/wpa_supplicant'
}

/**
 * Commands go through its standard input: some have passphrases, and everybody reads the arguments of a process.
 * @returns undefined where no wpa_supplicant runs on the interface
 */
export async function withWpa<T>(
  directory: string,
  name: string,
  signal: AbortSignal,
  use: (control: WpaControl) => Promise<T>,
): Promise<T | undefined> {
  if (!existsSync(join(directory, name))) return undefined
  const child = spawn('wpa_cli', ['-p', directory, '-i', name], { env: { ...process.env, LC_ALL: 'C' } })
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve()).once('close', () => resolve())
  })
  const talk = new Talk(child, name, signal)
  try {
    return await use(talk)
  } finally {
    // It removes its socket before it ends.
    child.kill()
    if ((await within(END_MS, [], () => ended)).kind !== 'done') child.kill('SIGKILL')
  }
}

class Talk implements WpaControl {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #name: string
  readonly #signal: AbortSignal
  #lines: string[] = []
  #messages: string[] = []
  #wake = () => {}
  #failure: string | undefined

  constructor(child: ChildProcessWithoutNullStreams, name: string, signal: AbortSignal) {
    this.#child = child
    this.#name = name
    this.#signal = signal
    const fail = (why: string) => {
      this.#failure ??= why
      this.#wake()
    }
    child.once('error', err => fail(`wpa_cli does not run: ${err.message}`))
    child.once('close', () => fail('wpa_cli ended'))
    child.stdin.on('error', () => {})
    child.stderr.resume()
    createInterface({ input: child.stdout }).on('line', line => {
      // A message of the program interrupts the prompt, and goes back to its beginning.
      const text = line.slice(line.lastIndexOf('\r') + 1)
      if (/^<\d>/.test(text)) this.#messages.push(text.slice(3))
      // What stands after the prompt is the command, repeated.
      else if (!text.startsWith('> ')) this.#lines.push(text)
      this.#wake()
    })
  }

  async ask(command: string): Promise<string[]> {
    this.#lines = []
    // Nothing marks the end of an answer: the next one does.
    this.#child.stdin.write(`${command}\nping\n`)
    const end = () => this.#lines.indexOf('PONG')
    if (!(await this.#until(() => end() >= 0, ANSWER_MS)))
      throw new UserError(
        `wpa_supplicant does not answer on ${this.#name}${this.#failure === undefined ? '' : ` (${this.#failure})`}; see: systemctl status oobm-wpa@${this.#name}`,
        EXIT.unavailable,
      )
    return this.#lines.slice(0, end())
  }

  async tell(command: string): Promise<void> {
    const answer = (await this.ask(command)).at(-1)
    if (answer === 'OK') return
    // Not the rest of the command: it may be a secret.
    const what = command.split(' ').slice(0, 3).join(' ')
    throw new UserError(`wpa_supplicant refuses "${what}" on ${this.#name}: ${answer ?? 'no answer'}`)
  }

  awaitMessage(pattern: RegExp, ms: number): Promise<boolean> {
    return this.#until(() => this.#messages.some(message => pattern.test(message)), ms)
  }

  async #until(condition: () => boolean, ms: number): Promise<boolean> {
    const outcome = await within(ms, [this.#signal], async over => {
      while (!condition() && this.#failure === undefined && !over.aborted)
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      return condition()
    })
    return outcome.kind === 'done' && outcome.value
  }
}
