/**
 * A peer with ModemManager's documented D-Bus interface, for what no modem of a test can carry: a bearer with addresses. It has one
 * modem, whose state the test sets, and answers as ModemManager does.
 */
import { connect } from 'node:net'
import { MessageType, type MethodCallMessage, parseMessages, serializeMessage } from 'd-bus-message-protocol'
import { parseTypes } from 'd-bus-type-system'
import { plainValue, variant } from '../bus/values.ts'
import { MANAGER, ROOT, STATE } from '../modem-manager/names.ts'

type Variant = ReturnType<typeof variant>

export interface PeerBearer {
  interface: string
  ip4?: Record<string, Variant>
  ip6?: Record<string, Variant>
}

export interface ManagerPeer {
  /** Undefined: no modem is plugged. */
  modem:
    | { number: number; state: number; operator: string; registration: number; bearer: PeerBearer | undefined }
    | undefined
  /** What the next connections are answered with: a bearer, or the name of an error and its text. */
  answer: PeerBearer | [string, string]
  /** Members that were called, but for questions. */
  calls: string[]
  /** Properties of the connections that were asked for. */
  asked: Record<string, unknown>[]
  /** Something has changed. */
  tell(): void
  close(): void
}

const EMPTY: Record<string, Variant> = { method: variant('u', 0) }

/** @param socket of the bus */
export async function startManagerPeer(socket: string): Promise<ManagerPeer> {
  const stream = connect(socket)
  const peer: ManagerPeer = {
    modem: undefined,
    answer: ['org.freedesktop.ModemManager1.Error.Core.Failed', 'no answer is set'],
    calls: [],
    asked: [],
    tell,
    close: () => stream.destroy(),
  }
  let serial = 0
  let received: Buffer = Buffer.alloc(0)
  let isIn = false
  const send = (message: Parameters<typeof serializeMessage>[0]) => stream.write(Buffer.from(serializeMessage(message)))
  const next = () => {
    serial += 1
    return serial
  }
  const driver = (memberName: string, signature?: string, ...args: unknown[]) =>
    send({
      ...{ messageType: MessageType.MethodCall, serial: next(), destination: 'org.freedesktop.DBus', memberName },
      ...{ objectPath: '/org/freedesktop/DBus', interfaceName: 'org.freedesktop.DBus' },
      ...(signature !== undefined && { types: parseTypes(signature), args: args as [unknown, ...unknown[]] }),
    })
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (!isIn) {
        const end = received.indexOf('\r\n')
        if (end < 0) return
        received = received.subarray(end + 2)
        isIn = true
        stream.write('BEGIN\r\n')
        driver('Hello')
        driver('RequestName', 'su', MANAGER, 0)
        resolve()
      }
      while (received.length >= 16) {
        const length = 16 + Math.ceil(received.readUInt32LE(12) / 8) * 8 + received.readUInt32LE(4)
        if (received.length < length) return
        const [message] = parseMessages(new Uint8Array(received.subarray(0, length)).buffer)
        received = received.subarray(length)
        if (message?.messageType === MessageType.MethodCall) serve(message)
      }
    })
    stream.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid?.())).toString('hex')}\r\n`)
  })
  return peer

  function serve(call: MethodCallMessage): void {
    const args = (call.types ?? []).map((type, at) => plainValue(type, call.args?.[at]))
    const to = {
      serial: next(),
      replySerial: call.serial,
      ...(call.sender !== undefined && { destination: call.sender }),
    }
    const reply = (signature?: string, ...values: unknown[]) =>
      send({
        ...{ messageType: MessageType.MethodReturn, ...to },
        ...(signature !== undefined && { types: parseTypes(signature), args: values as [unknown, ...unknown[]] }),
      })
    const refuse = (errorName: string, text: string) =>
      send({ messageType: MessageType.Error, ...to, errorName, types: parseTypes('s'), args: [text] })
    const { modem } = peer
    if (call.memberName === 'GetManagedObjects') return void reply('a{oa{sa{sv}}}', objects())
    if (call.memberName === 'GetAll') return void reply('a{sv}', Object.entries(propertiesOf(call.objectPath)))
    peer.calls.push(call.memberName)
    if (modem === undefined) return void refuse('org.freedesktop.DBus.Error.UnknownObject', 'it is gone')
    switch (call.memberName) {
      case 'Enable':
        modem.state = args[0] ? STATE.registered : STATE.disabled
        reply()
        break
      case 'Disconnect':
        Object.assign(modem, { state: STATE.registered, bearer: undefined })
        reply()
        break
      case 'Connect': {
        peer.asked.push(args[0] as Record<string, unknown>)
        if (Array.isArray(peer.answer)) return void refuse(...peer.answer)
        Object.assign(modem, { state: STATE.connected, bearer: peer.answer })
        reply('o', bearerPath())
        break
      }
      default:
        return void refuse('org.freedesktop.DBus.Error.UnknownMethod', call.memberName)
    }
    tell()
  }

  function modemPath(): string {
    return `${ROOT}/Modem/${peer.modem?.number}`
  }

  function bearerPath(): string {
    return `${ROOT}/Bearer/${peer.asked.length}`
  }

  function objects(): unknown {
    const { modem } = peer
    if (modem === undefined) return []
    const ports = [
      ['cdc-wdm0', 6],
      ['wwan0', 2],
    ]
    const own = {
      ...{ Manufacturer: variant('s', 'Example'), Model: variant('s', 'QMI-1'), Ports: variant('a(su)', ports) },
      ...{ State: variant('i', modem.state), StateFailedReason: variant('u', 0), UnlockRequired: variant('u', 1) },
      ...{ UnlockRetries: variant('a{uu}', [[2, 3]]), AccessTechnologies: variant('u', 1 << 14) },
      ...{ SignalQuality: variant('(ub)', [67, true]), Sim: variant('o', `${ROOT}/SIM/0`) },
      Bearers: variant('ao', modem.bearer ? [bearerPath()] : []),
    }
    const gpp = { RegistrationState: variant('u', modem.registration), OperatorName: variant('s', modem.operator) }
    return [
      [
        modemPath(),
        [
          [`${MANAGER}.Modem`, Object.entries(own)],
          [`${MANAGER}.Modem.Modem3gpp`, Object.entries(gpp)],
        ],
      ],
    ]
  }

  function propertiesOf(path: string): Record<string, Variant> {
    const bearer = peer.modem?.bearer
    if (path.includes('/SIM/')) return { SimIdentifier: variant('s', '8988211000000000001') }
    if (bearer === undefined) return {}
    const { apn = '', 'ip-type': family = 0 } = peer.asked.at(-1) ?? {}
    const properties = { apn: variant('s', apn), 'ip-type': variant('u', family) }
    return {
      ...{ Interface: variant('s', bearer.interface), Connected: variant('b', true) },
      Properties: variant('a{sv}', Object.entries(properties)),
      Ip4Config: variant('a{sv}', Object.entries(bearer.ip4 ?? EMPTY)),
      Ip6Config: variant('a{sv}', Object.entries(bearer.ip6 ?? EMPTY)),
    }
  }

  function tell(): void {
    send({
      ...{ messageType: MessageType.Signal, serial: next(), objectPath: modemPath() },
      ...{ interfaceName: 'org.freedesktop.DBus.Properties', memberName: 'PropertiesChanged' },
      ...{ types: parseTypes('sa{sv}as'), args: [`${MANAGER}.Modem`, [], []] },
    })
  }
}
