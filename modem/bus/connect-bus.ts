/** A connection to the system bus (D-Bus): calls, and word of every change that a peer reports. */
import { connect, type Socket } from 'node:net'
import { type Message, MessageType, parseMessages, serializeMessage } from 'd-bus-message-protocol'
import { type CompleteType, parseTypes } from 'd-bus-type-system'
import { errorMessage } from '../../runtime/errors.ts'
import { whenAborted, within } from '../../runtime/waiting.ts'
import { plainValue } from './values.ts'

/** A peer answered with an error; `name` is that of D-Bus, such as `org.freedesktop.DBus.Error.ServiceUnknown`. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly errorName: string

  constructor(errorName: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.errorName = errorName
  }
}

/** No answer in time, or no bus any more. */
export const NO_ANSWER = 'oobm.NoAnswer'

export interface Call {
  destination: string
  path: string
  interface: string
  member: string
  /** Signature of the arguments, such as `sa{sv}`; a dictionary is a list of pairs, a variant made by {@link variant}. */
  signature?: string
  args?: readonly unknown[]
  /** Milliseconds for the answer. */
  limitMs: number
}

export interface Bus {
  /** @returns the values of the answer, as {@link plainValue} makes them @throws BusError */
  call(call: Call, signal: AbortSignal): Promise<unknown[]>
  /** Resolves when the connection is gone, with why. */
  closed: Promise<string>
  close(): void
}

export interface BusOptions {
  /** As $DBUS_SYSTEM_BUS_ADDRESS has it. */
  address: string | undefined
  /** Reports of these are told to `onSignal`: match rules of the D-Bus specification. */
  matches: readonly string[]
  onSignal(): void
  signal: AbortSignal
}

const SOCKET = '/run/dbus/system_bus_socket'
/** Milliseconds until the bus has let us in. */
const LOGIN_MS = 15_000
/** Bytes of a message that is read: all that ModemManager says of four modems is a tenth of it. */
const MESSAGE_MAX = 1_000_000
/** Bytes of a message before which its length is not known (D-Bus specification, "Message Format"). */
const FIXED_HEADER = 16
const DRIVER = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' }

/** @throws BusError */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const path = socketPath(options.address)
  const connection = new Connection(path, options.onSignal)
  const login = async (signal: AbortSignal) => {
    await connection.authenticate(signal)
    const limitMs = LOGIN_MS
    await connection.call({ ...DRIVER, member: 'Hello', limitMs }, signal)
    for (const match of options.matches)
      await connection.call({ ...DRIVER, member: 'AddMatch', signature: 's', args: [match], limitMs }, signal)
  }
  try {
    const outcome = await within(LOGIN_MS, [options.signal], login)
    if (outcome.kind !== 'done') throw new BusError(NO_ANSWER, `the system bus at ${path} does not answer`)
  } catch (err) {
    connection.close()
    throw err
  }
  return connection
}

class Connection implements Bus {
  readonly closed: Promise<string>
  readonly #socket: Socket
  readonly #onSignal: () => void
  readonly #waiting = new Map<number, (message: Message | BusError) => void>()
  #received: Buffer = Buffer.alloc(0)
  #isIn = false
  #whenIn: (() => void) | undefined
  #serial = 0
  #why: string | undefined

  constructor(path: string, onSignal: () => void) {
    this.#onSignal = onSignal
    this.#socket = connect(path)
    this.#socket.on('data', chunk => this.#receive(chunk))
    this.closed = new Promise(resolve => {
      const end = (why: string) => {
        this.#why ??= why
        for (const settle of this.#waiting.values()) settle(new BusError(NO_ANSWER, this.#why))
        this.#waiting.clear()
        resolve(this.#why)
      }
      this.#socket.on('error', err => end(`the system bus at ${path}: ${errorMessage(err)}`))
      this.#socket.on('close', () => end('the system bus closed the connection'))
    })
  }

  /** SASL EXTERNAL: the kernel tells the bus who we are, which must be who we say (D-Bus specification, "Authentication Protocol"). */
  async authenticate(signal: AbortSignal): Promise<void> {
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
    this.#socket.write(`\0AUTH EXTERNAL ${uid}\r\n`)
    const isIn = new Promise<void>(resolve => {
      this.#whenIn = resolve
    })
    await Promise.race([isIn, this.closed, whenAborted(signal)])
    if (!this.#isIn) throw new BusError(NO_ANSWER, this.#why ?? 'the system bus does not let this program in')
    this.#socket.write('BEGIN\r\n')
  }

  async call(
    { limitMs, signature, args = [], member, path, destination, interface: interfaceName }: Call,
    parent: AbortSignal,
  ) {
    this.#serial += 1
    const serial = this.#serial
    const asked = within(limitMs, [parent], async () => {
      if (this.#why !== undefined) throw new BusError(NO_ANSWER, this.#why)
      const answer = new Promise<Message | BusError>(resolve => {
        this.#waiting.set(serial, resolve)
      })
      const body =
        signature === undefined ? {} : { types: parseTypes(signature), args: args as [unknown, ...unknown[]] }
      const message = serializeMessage({
        ...{
          messageType: MessageType.MethodCall,
          serial,
          destination,
          objectPath: path,
          interfaceName,
          memberName: member,
        },
        ...body,
      })
      this.#socket.write(Buffer.from(message))
      return answer
    })
    const outcome = await asked.finally(() => this.#waiting.delete(serial))
    if (outcome.kind !== 'done')
      throw new BusError(NO_ANSWER, `${member} was not answered within ${Math.round(limitMs / 1000)} s`)
    const message = outcome.value
    if (message instanceof BusError) throw message
    const values = valuesOf(message)
    if (message.messageType !== MessageType.Error) return values
    throw new BusError(message.errorName, typeof values[0] === 'string' ? values[0] : message.errorName)
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    try {
      if (!this.#isIn) this.#readLogin()
      while (this.#isIn && this.#readMessage()) {}
    } catch (err) {
      this.#why ??= `the system bus said something unreadable: ${errorMessage(err)}`
      this.close()
    }
  }

  #readLogin(): void {
    const end = this.#received.indexOf('\r\n')
    if (end < 0) return
    const line = this.#received.toString('latin1', 0, end)
    this.#received = this.#received.subarray(end + 2)
    if (!line.startsWith('OK ')) throw new Error(`"${line.slice(0, 40)}" in place of a welcome`)
    this.#isIn = true
    this.#whenIn?.()
  }

  /** @returns whether there was a whole one */
  #readMessage(): boolean {
    const all = this.#received
    if (all.length < FIXED_HEADER) return false
    const isLittle = all[0] === 'l'.charCodeAt(0)
    const [body, fields] = [4, 12].map(at => (isLittle ? all.readUInt32LE(at) : all.readUInt32BE(at)))
    const length = FIXED_HEADER + Math.ceil((fields ?? 0) / 8) * 8 + (body ?? 0)
    if (length > MESSAGE_MAX) throw new Error(`a message of ${length} bytes`)
    if (all.length < length) return false
    this.#received = all.subarray(length)
    // The library takes a buffer that begins with the message and ends with it.
    const [message] = parseMessages(new Uint8Array(all.subarray(0, length)).buffer)
    if (message !== undefined) this.#take(message)
    return true
  }

  #take(message: Message): void {
    if (message.messageType === MessageType.Signal) this.#onSignal()
    else if (message.messageType !== MessageType.MethodCall) this.#waiting.get(message.replySerial)?.(message)
  }
}

function valuesOf({ types, args }: Message): unknown[] {
  return (types ?? []).map((type: CompleteType, at) => plainValue(type, args?.[at]))
}

function socketPath(address: string | undefined): string {
  const [, path] = /(?:^|;)unix:(?:[^;,]*,)*?path=([^,;]+)/.exec(address ?? '') ?? []
  return path === undefined ? SOCKET : decodeURIComponent(path)
}
