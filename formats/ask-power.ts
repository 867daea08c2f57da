/** Asks `oobm-power`, which switches the outlets, over its socket. */
import { connect, type Socket } from 'node:net'
import type * as z from 'zod'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import { settled, within } from '../runtime/waiting.ts'
import { POWER_LINE_BYTES, type PowerOutcome, type PowerRequest, powerTellSchema } from './power-protocol.ts'

/** Milliseconds for a connection: systemd starts the program then. */
const CONNECT_MS = 10_000
/** Milliseconds for all of it: eight outlets that are slow, twice, with the longest off time. */
const ANSWER_MS = 900_000

/**
 * @param onStep gets what was done, as it is done
 * @param gone nobody waits for the answer any more; what was begun is finished all the same
 */
export async function askPower(
  path: string,
  request: PowerRequest,
  onStep: (text: string, isPowered: boolean) => void,
  gone: AbortSignal,
): Promise<PowerOutcome> {
  const socket = connect({ path })
  try {
    const connected = await within(CONNECT_MS, [gone], signal =>
      settled<Error | undefined>(signal, undefined, settle => {
        socket.once('connect', () => settle(undefined))
        socket.once('error', settle)
      }),
    )
    if (connected.kind !== 'done' || connected.value !== undefined)
      return notAsked(connected.kind === 'done' ? connected.value : undefined)
    const outcome = await within(ANSWER_MS, [gone], signal => exchange(socket, request, onStep, signal))
    if (outcome.kind === 'done') return outcome.value
    const cause = 'nobody waited for the answer: "power status" says how the outlets are'
    return { result: 'failed', cause, outlets: [] }
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

function notAsked(err: Error | undefined): PowerOutcome {
  const why = errorCode(err) === 'EACCES' ? 'only root and the console bridge may ask it' : err && errorMessage(err)
  return {
    result: 'failed',
    cause: `nothing was switched: oobm-power does not answer${why === undefined ? '' : ` (${why})`}; see "systemctl status oobm-outlets oobm-power"`,
    outlets: [],
  }
}

function exchange(
  socket: Socket,
  request: PowerRequest,
  onStep: (text: string, isPowered: boolean) => void,
  signal: AbortSignal,
): Promise<PowerOutcome> {
  const broken = (why: string): PowerOutcome => ({
    result: 'failed',
    cause: `${why} before it said how it went: "power status" says how the outlets are`,
    outlets: [],
  })
  return settled<PowerOutcome>(signal, broken('the question was given up'), settle => {
    const lines = new Lines()
    socket.on('data', bytes => {
      for (const line of lines.feed(bytes)) {
        const tell = readLine(line, powerTellSchema)
        if (tell?.tell === 'step') onStep(tell.text, tell.powered === true)
        else if (tell?.tell === 'over') settle({ result: tell.result, cause: tell.cause, outlets: tell.outlets })
        else settle(broken('oobm-power speaks another protocol'))
      }
      if (lines.isTooLong) settle(broken('oobm-power speaks another protocol'))
    })
    socket.on('error', err => settle(broken(`oobm-power ended (${errorMessage(err)})`)))
    socket.on('close', () => settle(broken('oobm-power ended')))
    socket.write(`${JSON.stringify(request)}\n`)
  })
}

/** Lines of JSON as they come in pieces. */
export class Lines {
  #rest = ''
  readonly #decoder = new TextDecoder()

  get isTooLong(): boolean {
    return this.#rest.length > POWER_LINE_BYTES
  }

  feed(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }
}

/** @returns undefined for what is no such message */
export function readLine<T extends z.ZodType>(line: string, schema: T): z.output<T> | undefined {
  if (line.length > POWER_LINE_BYTES) return undefined
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
