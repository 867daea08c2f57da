/** One command of the page that takes its time: `ssh CONSOLE …`, for as long as the page's WebSocket is open. */
import type { WebSocket } from 'ws'
import { type SshPipe, startSsh } from '../../../../cli/ssh.ts'
import { printable } from '../../../../runtime/printable.ts'
import { inputBytes, parseRunAsk, type RunQuestion, runLine } from './console-questions.ts'
import { INPUT_WINDOW_BYTES, type RunTell } from './run-messages.ts'

export interface RunsOptions {
  /** The ssh_config of the desk. */
  config: string
  mayOpen(console: string): boolean
  signal: AbortSignal
}

export interface Runs {
  serve(socket: WebSocket): void
  /** Resolves when none is left. The signal ends them. */
  ended(): Promise<void>
}

/** Commands at a time: a page that starts them without end meets this first. */
const RUNS_MAX = 16
/** Milliseconds without a word of the command and without a byte that it takes: the bridge gives a target up after 300 s. */
const SILENCE_MS = 600_000
/** Milliseconds after which an ssh that does not end is killed. */
const END_MS = 1_500
/** Characters of a line that are shown, and of one that never ends. */
const SAID_MAX = 400

export function createRuns({ config, mayOpen, signal }: RunsOptions): Runs {
  const running = new Set<Promise<void>>()
  const start = (socket: WebSocket, text: string): ((bytes: Buffer) => void) => {
    const refuse = (why: string) => {
      tell(socket, { type: 'problem', text: why })
      socket.close()
      return () => {}
    }
    const asked = parseRunAsk(text)
    if (asked === undefined) return refuse('this is no command that the desk knows')
    if (!mayOpen(asked.console)) return refuse(`you may not open "${asked.console}"`)
    if (signal.aborted) return refuse('the desk ends')
    if (running.size >= RUNS_MAX) return refuse(`${RUNS_MAX} commands are running: stop some`)
    const settings = ['-o', 'BatchMode=yes', '-F', config, '-T', '-o', 'LogLevel=ERROR']
    const child = startSsh([...settings, '--', asked.console, runLine(asked)])
    const { take, ended } = follow(child, asked, socket, signal)
    running.add(ended)
    void ended.then(() => running.delete(ended))
    return take
  }
  return {
    serve: socket => {
      let take: ((bytes: Buffer) => void) | undefined
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) take?.(data)
        else take ??= start(socket, data.toString())
      })
    },
    ended: async () => void (await Promise.all(running)),
  }
}

/** Until ssh has ended: by itself, or because nobody waits for it any more. */
function follow(child: SshPipe, asked: RunQuestion, socket: WebSocket, signal: AbortSignal) {
  const announced = inputBytes(asked)
  let given = 0
  let waiting = 0
  let kill: NodeJS.Timeout | undefined
  let silence: NodeJS.Timeout | undefined
  const end = () => {
    if (kill !== undefined) return
    child.kill()
    kill = setTimeout(() => child.kill('SIGKILL'), END_MS)
  }
  const giveUp = (text: string) => {
    tell(socket, { type: 'problem', text })
    end()
  }
  const alive = () => {
    clearTimeout(silence)
    silence = setTimeout(() => giveUp(`nothing happened for ${SILENCE_MS / 1_000} s: it was given up`), SILENCE_MS)
  }
  alive()
  const take = (bytes: Buffer) => {
    if (kill !== undefined || child.stdin.destroyed) return
    given += bytes.length
    waiting += bytes.length
    if (announced !== undefined && given > announced)
      return giveUp(`the file is larger than the ${announced} bytes that were announced`)
    if (waiting > INPUT_WINDOW_BYTES) return giveUp('the page sends faster than it may')
    child.stdin.write(bytes, err => {
      waiting -= bytes.length
      if (err) return
      alive()
      tell(socket, { type: 'taken', bytes: bytes.length })
    })
    if (given === announced) child.stdin.end()
  }
  // Its exit code says why it reads no more.
  child.stdin.on('error', () => {})
  for (const stream of [child.stdout, child.stderr])
    readLines(stream, text => {
      alive()
      tell(socket, { type: 'said', text: printable(text, SAID_MAX), isProblem: stream === child.stderr })
    })
  socket.once('close', end)
  signal.addEventListener('abort', end)
  const ended = new Promise<void>(resolve => {
    let isOver = false
    const over = (told: RunTell) => {
      if (isOver) return
      isOver = true
      clearTimeout(kill)
      clearTimeout(silence)
      socket.off('close', end)
      signal.removeEventListener('abort', end)
      tell(socket, told)
      socket.close()
      child.stdout.destroy()
      child.stderr.destroy()
      resolve()
    }
    child.once('error', () => over({ type: 'problem', text: 'ssh cannot be run: is openssh-client installed?' }))
    // Ended by hand, it leaves nothing to read; what it ran may hold its streams open.
    child.once('exit', code => kill !== undefined && over({ type: 'exit', code }))
    child.once('close', code => over({ type: 'exit', code }))
  })
  return { take, ended }
}

function readLines(stream: SshPipe['stdout'], onLine: (text: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r\n|\r|\n/)
    rest = (lines.pop() ?? '').slice(0, SAID_MAX)
    for (const line of lines) if (line.trim() !== '') onLine(line)
  })
  stream.once('end', () => rest.trim() !== '' && onLine(rest))
}

function tell(socket: WebSocket, message: RunTell): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
}
