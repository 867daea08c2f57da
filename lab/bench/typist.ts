/** Measures the round trip of one keystroke: from the technician's ssh to equipment that echoes it, and back. */
import { spawn } from 'node:child_process'
import { waitFor } from '../../testbed/wait-for.ts'

export interface Typist {
  /** Types one character and resolves with the milliseconds until its echo is back. */
  keystroke(): Promise<number>
  types(text: string): void
  end(): void
}

/** A character that occurs in no greeting, prompt or notice. */
const KEY = '\x07'

/**
 * Opens a session with the real OpenSSH client and waits until it echoes.
 * @param args of ssh; `-tt` gives it a terminal at the far end, although this end has none
 */
export async function startTypist(args: string[]): Promise<Typist> {
  const ssh = spawn('ssh', ['-tt', '-q', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  let echoes = 0
  let onEcho = () => {}
  ssh.stdout.on('data', (bytes: Buffer) => {
    const count = bytes.toString('latin1').split(KEY).length - 1
    echoes += count
    if (count > 0) onEcho()
  })
  const keystroke = () =>
    new Promise<number>(resolve => {
      const startedMs = performance.now()
      onEcho = () => resolve(performance.now() - startedMs)
      ssh.stdin.write(KEY)
    })
  await waitFor(`an echo through ssh ${args.join(' ')}`, async () => {
    if (echoes === 0) ssh.stdin.write(KEY)
    return echoes > 0
  })
  // What was typed while the session opened is echoed late: wait until that is over.
  let seen = -1
  await waitFor('the echoes to stop', async () => {
    const before = seen
    seen = echoes
    await new Promise(resolve => setTimeout(resolve, 300))
    return before === echoes
  })
  return { keystroke, types: text => void ssh.stdin.write(text), end: () => ssh.kill() }
}
