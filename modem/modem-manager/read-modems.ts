/** What ModemManager says of each modem, its SIM and its bearers, as facts; whatever a modem or a network named is made harmless. */
import * as z from 'zod'
import { printable } from '../../runtime/printable.ts'
import type { Bus } from '../bus/connect-bus.ts'
import { MANAGER, NET_PORT, PROPERTIES, ROOT } from './names.ts'

export interface BearerFacts {
  path: string
  isConnected: boolean
  /** Empty while it is not connected. */
  interface: string
  apn: string
  user: string
  password: string
  /** MMBearerIpFamily; 0 where nobody asked for one. */
  family: number
  ip4: IpFacts | undefined
  ip6: IpFacts | undefined
}

export interface IpFacts {
  /** MMBearerIpMethod. */
  method: number
  address: string
  prefix: number
  gateway: string
  dns: string[]
  mtu: number
}

export interface ModemFacts {
  /** Another one each time that it is plugged, or that ModemManager starts. */
  path: string
  model: string
  /** Network interfaces of the kernel. */
  interfaces: string[]
  state: number
  failedReason: number
  lock: number
  /** Tries left for the PIN of the SIM; undefined where the modem does not say. */
  pinTries: number | undefined
  registration: number
  operator: string
  technologies: number
  /** `isRecent`: taken in the last minute. */
  signal: { percent: number; isRecent: boolean } | undefined
  /** The object of the SIM; undefined without one. */
  sim: string | undefined
  /** ICCID; empty where the modem does not say before it is unlocked. */
  simIdentifier: string
  bearers: BearerFacts[]
}

/** Milliseconds for one question: ModemManager answers these from memory. */
const ASK_MS = 15_000
/** Characters of a name that a modem or a network chose. */
const NAME_MAX = 40
/** Modems and bearers that are looked at. */
const MANY = 8

/** Of a wrong type, it counts as not said. */
const number = z.number().catch(0)
const word = z.string().catch('')
const name = z.preprocess(value => (typeof value === 'string' ? printable(value, NAME_MAX).trim() : ''), z.string())

const modemSchema = z.object({
  Manufacturer: name,
  Model: name,
  Ports: z.array(z.tuple([z.string(), z.number()])).catch([]),
  State: number,
  StateFailedReason: number,
  UnlockRequired: number,
  UnlockRetries: z.record(z.string(), z.number()).catch({}),
  AccessTechnologies: number,
  SignalQuality: z.tuple([z.number(), z.boolean()]).optional().catch(undefined),
  Sim: word,
  Bearers: z.array(z.string()).catch([]),
})

const registrationSchema = z.object({ RegistrationState: number, OperatorName: name, OperatorCode: name })

const ipSchema = z
  .object({
    method: number,
    address: word,
    prefix: number,
    gateway: word,
    dns1: word,
    dns2: word,
    dns3: word,
    mtu: number,
  })
  .transform(({ dns1, dns2, dns3, ...rest }) => ({ ...rest, dns: [dns1, dns2, dns3].filter(one => one !== '') }))

const bearerSchema = z.object({
  Interface: word,
  Connected: z.boolean().catch(false),
  Properties: z
    .object({ apn: word, user: word, password: word, 'ip-type': number })
    .catch({ apn: '', user: '', password: '', 'ip-type': 0 }),
  Ip4Config: ipSchema.optional().catch(undefined),
  Ip6Config: ipSchema.optional().catch(undefined),
})

const objectsSchema = z.record(z.string(), z.record(z.string(), z.unknown()))

/** @throws BusError @throws z.ZodError when the answer is nothing like ModemManager's */
export async function readModems(bus: Bus, signal: AbortSignal): Promise<ModemFacts[]> {
  const [objects] = await bus.call(
    {
      ...{ destination: MANAGER, path: ROOT, interface: 'org.freedesktop.DBus.ObjectManager' },
      ...{ member: 'GetManagedObjects', limitMs: ASK_MS },
    },
    signal,
  )
  const modems = Object.entries(objectsSchema.parse(objects)).filter(([, of]) => `${MANAGER}.Modem` in of)
  return Promise.all(modems.slice(0, MANY).map(([path, of]) => readModem(bus, path, of, signal)))
}

async function readModem(
  bus: Bus,
  path: string,
  interfaces: Record<string, unknown>,
  signal: AbortSignal,
): Promise<ModemFacts> {
  const modem = modemSchema.parse(interfaces[`${MANAGER}.Modem`])
  const { RegistrationState, OperatorName, OperatorCode } = registrationSchema.parse(
    interfaces[`${MANAGER}.Modem.Modem3gpp`] ?? {},
  )
  const hasSim = modem.Sim !== '' && modem.Sim !== '/'
  const { SimIdentifier } = z
    .object({ SimIdentifier: name })
    .parse(hasSim ? await propertiesOf(bus, modem.Sim, 'Sim', signal) : {})
  const bearers = modem.Bearers.slice(0, MANY).map(one => readBearer(bus, one, signal))
  const retries = modem.UnlockRetries['2']
  const [percent, isRecent] = modem.SignalQuality ?? []
  return {
    path,
    model: [modem.Manufacturer, modem.Model].filter(part => part !== '').join(' '),
    interfaces: modem.Ports.filter(([, type]) => type === NET_PORT).map(([port]) => port),
    ...{ state: modem.State, failedReason: modem.StateFailedReason, lock: modem.UnlockRequired },
    pinTries: retries,
    registration: RegistrationState,
    operator: OperatorName || OperatorCode,
    technologies: modem.AccessTechnologies,
    signal: percent === undefined ? undefined : { percent: clamp(percent), isRecent: isRecent ?? false },
    sim: hasSim ? modem.Sim : undefined,
    simIdentifier: SimIdentifier,
    bearers: await Promise.all(bearers),
  }
}

async function readBearer(bus: Bus, path: string, signal: AbortSignal): Promise<BearerFacts> {
  const { Interface, Connected, Properties, Ip4Config, Ip6Config } = bearerSchema.parse(
    await propertiesOf(bus, path, 'Bearer', signal),
  )
  const { apn, user, password, 'ip-type': family } = Properties
  return {
    ...{ path, isConnected: Connected, interface: Interface, apn, user, password, family },
    ...{ ip4: given(Ip4Config), ip6: given(Ip6Config) },
  }
}

/** It may be gone since the list was made: then nothing is known of it. */
async function propertiesOf(bus: Bus, path: string, kind: 'Sim' | 'Bearer', signal: AbortSignal): Promise<unknown> {
  const call = { destination: MANAGER, path, interface: PROPERTIES, member: 'GetAll', limitMs: ASK_MS }
  const [values] = await bus.call({ ...call, signature: 's', args: [`${MANAGER}.${kind}`] }, signal).catch(() => [{}])
  return values
}

function given(ip: IpFacts | undefined): IpFacts | undefined {
  return ip === undefined || ip.method === 0 ? undefined : ip
}

function clamp(percent: number): number {
  return Math.max(0, Math.min(100, Math.round(percent)))
}
