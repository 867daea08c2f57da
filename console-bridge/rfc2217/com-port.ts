/** The commands of the telnet com port option as bytes (RFC 2217 sections 2 to 5). No effects. */
import type { LineSettings, ModemLines } from '../line/line.ts'
import { OPTION, subnegotiation } from './telnet.ts'

/** Numbers from the client to the server; the answer to each has {@link ANSWER} added. */
export const COMMAND = {
  signature: 0,
  setBaudRate: 1,
  setDataSize: 2,
  setParity: 3,
  setStopSize: 4,
  setControl: 5,
  notifyLineState: 6,
  notifyModemState: 7,
  flowControlSuspend: 8,
  flowControlResume: 9,
  setLineStateMask: 10,
  setModemStateMask: 11,
  purgeData: 12,
} as const
/** Added to the number of a command in what the server sends. */
export const ANSWER = 100

/** Values of SET-CONTROL (section 3). */
export const CONTROL = {
  ...{ askFlow: 0, noFlow: 1, xonXoff: 2, hardware: 3 },
  ...{ askBreak: 4, breakOn: 5, breakOff: 6 },
  ...{ askDtr: 7, dtrOn: 8, dtrOff: 9 },
  ...{ askRts: 10, rtsOn: 11, rtsOff: 12 },
  ...{ askFlowIn: 13, noFlowIn: 14, xonXoffIn: 15, hardwareIn: 16, dcdFlow: 17, dtrFlow: 18, dsrFlow: 19 },
} as const

/** What the server tells of itself: RFC 2217 section 4 and 5. */
export const NOTICE = {
  lineState: COMMAND.notifyLineState + ANSWER,
  modemState: COMMAND.notifyModemState + ANSWER,
  suspend: COMMAND.flowControlSuspend + ANSWER,
  resume: COMMAND.flowControlResume + ANSWER,
} as const

/** Values of PURGE-DATA. */
export const PURGE = { received: 1, sent: 2, both: 3 } as const

/** Bits of NOTIFY-MODEMSTATE; each state has its change four bits below. */
const MODEM = { dcd: 128, ri: 64, dsr: 32, cts: 16 } as const
export const MODEM_CHANGES = 15

const PARITIES: Record<LineSettings['parity'], number> = { none: 1, odd: 2, even: 3 }
const FLOWS: Record<LineSettings['flowControl'], number> = { none: 1, 'xon-xoff': 2, 'rts-cts': 3 }

/** The setting that a value asks for; undefined for one that no line here can have, and for 0, which only asks. */
export function asSetting(command: number, value: Buffer): Partial<LineSettings> | undefined {
  const [first = 0] = value
  switch (command) {
    case COMMAND.setBaudRate:
      return value.length === 4 && value.readUInt32BE(0) > 0 ? { baudRate: value.readUInt32BE(0) } : undefined
    case COMMAND.setDataSize:
      return first === 5 || first === 6 || first === 7 || first === 8 ? { dataBits: first } : undefined
    case COMMAND.setParity:
      return found(PARITIES, first, parity => ({ parity }))
    case COMMAND.setStopSize:
      return first === 1 || first === 2 ? { stopBits: first } : undefined
    default:
      return undefined
  }
}

/** The same setting as it is now, as the value of an answer. */
export function settingValue(command: number, { baudRate, dataBits, parity, stopBits }: LineSettings): Buffer {
  switch (command) {
    case COMMAND.setBaudRate:
      return uint32(baudRate)
    case COMMAND.setDataSize:
      return Buffer.from([dataBits])
    case COMMAND.setParity:
      return Buffer.from([PARITIES[parity]])
    default:
      return Buffer.from([stopBits])
  }
}

/** The flow control that a value of SET-CONTROL sets; undefined for another value, or one that no line here can have. */
export function asFlow(control: number): LineSettings['flowControl'] | undefined {
  const outbound = control > CONTROL.askFlowIn ? control - CONTROL.askFlowIn : control
  return found(FLOWS, outbound, flow => flow)
}

/** @param isInbound in the numbers for the other direction: both directions always have the same */
export function flowValue({ flowControl }: LineSettings, isInbound: boolean): number {
  return FLOWS[flowControl] + (isInbound ? CONTROL.askFlowIn : 0)
}

/** A command to the server. */
export function command(number: number, value: Buffer | number): Buffer {
  return answer(number - ANSWER, value)
}

/** The modem lines in a NOTIFY-MODEMSTATE. */
export function modemLinesOf(state: number): ModemLines {
  const isUp = (name: keyof typeof MODEM) => (state & MODEM[name]) !== 0
  return { cts: isUp('cts'), dsr: isUp('dsr'), dcd: isUp('dcd'), ri: isUp('ri') }
}

/** An answer, or a notification, to the client. */
export function answer(command: number, value: Buffer | number): Buffer {
  const bytes = typeof value === 'number' ? Buffer.from([value]) : value
  return subnegotiation(OPTION.comPort, Buffer.concat([Buffer.from([command + ANSWER]), bytes]))
}

/** Bits of NOTIFY-MODEMSTATE, with the changes since `before`; a line without modem lines has none of them up. */
export function modemState(now: Partial<ModemLines> = {}, before: Partial<ModemLines> = now): number {
  return (Object.keys(MODEM) as (keyof ModemLines)[]).reduce((bits, name) => {
    // "Trailing edge ring detector": RI counts as changed when it goes off.
    const isChange = name === 'ri' ? before.ri && !now.ri : (now[name] ?? false) !== (before[name] ?? false)
    return bits | (now[name] ? MODEM[name] : 0) | (isChange ? MODEM[name] >> 4 : 0)
  }, 0)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function found<K extends string, T>(values: Record<K, number>, value: number, use: (key: K) => T): T | undefined {
  const entry = (Object.entries(values) as [K, number][]).find(([, number]) => number === value)
  return entry && use(entry[0])
}
