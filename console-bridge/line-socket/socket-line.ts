/** A line that a program of its own has, `oobm-line@NAME`: the bridge's end of the socket between them. */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { settled, within } from '../../runtime/waiting.ts'
import type { Line, LineEvents, LineSettings, ModemOutputs, OpenLine } from '../line/line.ts'
import { settingsOf } from '../line/settings.ts'
import { dataFrames, FrameError, FrameParser, messageFrame } from './frames.ts'
import { ASKS_BOUND, type Ask, LINE_PROTOCOL, readMessage, type Tell, tellSchema, WINDOW_BYTES } from './messages.ts'

/** Milliseconds for the program to start and to reach its target: Node.js takes its time on a slow board. */
const OPEN_MS = 90_000
/** Milliseconds for one answer; who asks sets shorter bounds where they matter. */
const ANSWER_MS = 30_000

type FullAnswer = Extract<Tell, { tell: 'answer' }>
type AskOf = Ask extends infer A ? (A extends Ask ? Omit<A, 'id'> : never) : never

/** @param directory with one socket for each console, by its name */
export function openSocketLine(directory: string): OpenLine {
  return async (console, events) => {
    const socket = await connected(console, join(directory, console.name))
    const end = new SocketEnd(socket, events)
    try {
      await end.ask({ ask: 'open', protocol: LINE_PROTOCOL, settings: settingsOf(console) }, OPEN_MS)
      return end.line(settingsOf(console))
    } catch (err) {
      end.close()
      throw err
    }
  }
}

async function connected({ name }: ConsoleConfig, path: string): Promise<Socket> {
  const socket = connect({ path })
  const outcome = await within(OPEN_MS, [], signal =>
    settled<Error | undefined>(signal, undefined, settle => {
      socket.once('connect', () => settle(undefined))
      socket.once('error', settle)
    }),
  )
  if (outcome.kind === 'done' && outcome.value === undefined) return socket
  socket.on('error', () => {})
  socket.destroy()
  throw new UserError(describeNoProgram(name, path, outcome.kind === 'done' ? outcome.value : undefined))
}

function describeNoProgram(name: string, path: string, err: Error | undefined): string {
  switch (errorCode(err)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `its program does not run: see "systemctl status oobm-lines oobm-line@${name}.socket"`
    case 'EACCES':
      return `no permission for ${path}: it must belong to the user of this program`
    default:
      return `its program does not answer at ${path}${err ? ` (${errorMessage(err)})` : ''}`
  }
}

class SocketEnd {
  readonly #socket: Socket
  readonly #events: LineEvents
  readonly #parser = new FrameParser()
  readonly #waiting = new Map<number, (answer: FullAnswer | string) => void>()
  #lastId = 0
  #settings: LineSettings | undefined
  #outputs: ModemOutputs = { dtr: true, rts: true }
  /** Bytes sent that the program has not reported as taken. */
  #underway = 0
  #isOpen = true
  /** Only then is the end of the line told: before, the opening fails. */
  #wasOpened = false

  constructor(socket: Socket, events: LineEvents) {
    this.#socket = socket
    this.#events = events
    socket.on('data', bytes => this.#take(bytes))
    socket.on('error', err => this.#end(`its program ended (${errorMessage(err)})`))
    socket.on('close', () => this.#end('its program ended'))
  }

  /**
   * @param ms undefined for what may never come: who asks sets the bound
   * @throws UserError with what the program says, when it does not answer, and when the line is closed
   */
  async ask(what: AskOf, ms: number | undefined = ANSWER_MS): Promise<FullAnswer> {
    if (!this.#isOpen) throw new UserError('the line is closed')
    if (this.#waiting.size >= ASKS_BOUND) throw new UserError('the program of the line does not answer')
    const id = ++this.#lastId
    const answer = new Promise<FullAnswer | string>(resolve => this.#waiting.set(id, resolve))
    this.#socket.write(messageFrame({ ...what, id }))
    const got = ms === undefined ? await answer : await within(ms, [], () => answer)
    if (typeof got === 'object' && 'kind' in got) {
      this.#waiting.delete(id)
      if (got.kind !== 'done') throw new UserError('the program of the line does not answer')
      return checked(got.value)
    }
    return checked(got)
  }

  /** What was asked and not answered is answered with `why`. */
  close(why = 'the line is closed'): void {
    this.#isOpen = false
    this.#socket.destroy()
    for (const settle of this.#waiting.values()) settle(why)
    this.#waiting.clear()
  }

  line(wanted: LineSettings): Line {
    this.#wasOpened = true
    const end = this
    return {
      get settings() {
        return end.#settings ?? wanted
      },
      get outputs() {
        return end.#outputs
      },
      set: async changes =>
        void (await this.ask({ ask: 'set', settings: { ...(this.#settings ?? wanted), ...changes } })),
      modemLines: async () => {
        const { modem } = await this.ask({ ask: 'modem' })
        return modem
      },
      setModemLines: async changes =>
        void (await this.ask({ ask: 'outputs', outputs: { ...this.#outputs, ...changes } })),
      write: bytes => this.#write(bytes),
      drain: async () => void (await this.ask({ ask: 'drain' }, undefined)),
      discard: async () => void (await this.ask({ ask: 'discard' })),
      setBreak: async on => void (await this.ask({ ask: 'break', on })),
      release: async () => void (await this.ask({ ask: 'release' })),
      close: async () => this.close(),
    }
  }

  #write(bytes: Buffer): number {
    if (!this.#isOpen) throw new UserError('the line is closed')
    const room = Math.min(bytes.length, WINDOW_BYTES - this.#underway)
    if (room <= 0) return 0
    this.#underway += room
    this.#socket.write(dataFrames(bytes.subarray(0, room)))
    return room
  }

  #take(bytes: Buffer): void {
    try {
      for (const frame of this.#parser.feed(bytes)) {
        if (!this.#isOpen) return
        if (frame.kind === 'data') this.#events.onData(frame.bytes)
        else this.#hear(readMessage(tellSchema, frame.text))
      }
    } catch (err) {
      if (!(err instanceof FrameError)) throw err
      this.#end(`its program sends what is no frame (${err.message})`)
    }
  }

  #hear(message: Tell | undefined): void {
    switch (message?.tell) {
      case undefined:
        return void this.#end('its program speaks another protocol: after an upgrade, restart it')
      case 'answer': {
        this.#settings = message.settings ?? this.#settings
        this.#outputs = message.outputs ?? this.#outputs
        this.#waiting.get(message.id)?.(message)
        this.#waiting.delete(message.id)
        return
      }
      case 'taken':
        this.#underway = Math.max(0, this.#underway - message.bytes)
        return
      case 'held':
        if (this.#wasOpened) this.#events.onHeld(message.held)
        return
      case 'closed':
        return void this.#end(message.cause)
      default:
        message satisfies never
    }
  }

  /** Once, whatever ends it. */
  #end(cause: string): void {
    if (!this.#isOpen) return
    this.close(cause)
    if (this.#wasOpened) this.#events.onClose(cause)
  }
}

/** @throws UserError with why it was not done, or why the line closed meanwhile */
function checked(answer: FullAnswer | string): FullAnswer {
  if (typeof answer === 'string') throw new UserError(answer)
  if (answer.refused !== undefined) throw new UserError(answer.refused)
  return answer
}
