/** One recorded session for the page: `ssh CONSOLE recordings export N`, in pieces as they come, bounded, and no faster than it is read. */
import type { WebSocket } from 'ws'
import { type SshPipe, startSsh } from '../../../../cli/ssh.ts'
import { printable } from '../../../../runtime/printable.ts'
import { RECORDING_MAX_BYTES } from './cast.ts'
import { parseRecordingAsk, type RecordingAsk, type RecordingEnd } from './recording-messages.ts'

export interface RecordingsOptions {
  /** The ssh_config of the desk. */
  config: string
  mayOpen(console: string): boolean
  signal: AbortSignal
  /** Starts what prints the file; ssh when not given. */
  start?(args: readonly string[]): SshPipe
}

/** Recordings that are read at one time: a page reads one. */
const READ_MAX = 4
/** Milliseconds without a byte: a slow line sends some, a dead one none. */
const SILENCE_MS = 60_000
const SAID_MAX = 2_000

export function createRecordings({ config, mayOpen, signal, start = startSsh }: RecordingsOptions) {
  let running = 0
  const read = (socket: WebSocket, { console, number }: RecordingAsk) => {
    const end = (problem: string, isCut = false) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ problem, isCut } satisfies RecordingEnd))
      socket.close()
    }
    if (signal.aborted) return end('the desk ends')
    if (!mayOpen(console)) return end(`you may not open "${console}"`)
    if (running >= READ_MAX) return end(`${READ_MAX} recordings are being read: close some`)
    running++
    const options = ['-F', config, '-T', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR']
    const child = start([...options, '--', console, `recordings export ${number}`])
    follow(child, socket, signal, end).finally(() => running--)
  }
  return {
    serve: (socket: WebSocket) => {
      socket.once('message', (data: Buffer, isBinary) => {
        const asked = isBinary ? undefined : parseRecordingAsk(data.toString())
        if (asked === undefined) return socket.close()
        read(socket, asked)
      })
    },
  }
}

/** Until it has ended: by itself, because it is too long or silent, or because nobody looks any more. */
function follow(
  child: SshPipe,
  socket: WebSocket,
  signal: AbortSignal,
  end: (problem: string, isCut?: boolean) => void,
): Promise<void> {
  let bytes = 0
  let said = ''
  let why: string | undefined
  const stop = (problem = '') => {
    why ??= problem
    child.kill()
  }
  const abandon = () => stop('the desk ends')
  const silence = setTimeout(() => stop(`no byte came for ${SILENCE_MS / 1_000} s`), SILENCE_MS)
  signal.addEventListener('abort', abandon)
  socket.once('close', () => stop())
  child.stdin.on('error', () => {})
  child.stdin.end()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_MAX)
  })
  child.stdout.on('data', (data: Buffer) => {
    silence.refresh()
    const rest = RECORDING_MAX_BYTES - bytes
    if (rest <= 0) return
    bytes += data.length
    child.stdout.pause()
    socket.send(data.subarray(0, rest), () => child.stdout.resume())
    if (bytes >= RECORDING_MAX_BYTES) stop()
  })
  return new Promise(resolve => {
    const over = (code: number | null) => {
      clearTimeout(silence)
      signal.removeEventListener('abort', abandon)
      const lines = said.split('\n').filter(line => line.trim() !== '')
      const last = printable(lines.at(-1)?.trim() ?? '', 300)
      if (why !== undefined) end(why, bytes >= RECORDING_MAX_BYTES)
      else end(code === 0 ? '' : last || `ssh ended with ${code}`)
      resolve()
    }
    child.once('error', () => {
      why = 'ssh cannot be run: is openssh-client installed?'
      over(null)
    })
    child.once('close', over)
  })
}
