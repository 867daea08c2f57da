/** One step of dialling, asked of ModemManager: each with its own deadline, and a failure in words. */
import type { CellularConfig } from '../../formats/cellular-settings.ts'
import type { ModemState } from '../../formats/modem-status.ts'
import { printable } from '../../runtime/printable.ts'
import { type Bus, BusError, type Call } from '../bus/connect-bus.ts'
import { variant } from '../bus/values.ts'
import { isError, MANAGER } from './names.ts'

export interface Failure {
  state: ModemState
  cause: string
}

/** Milliseconds: somewhat more than ModemManager gives itself with the slowest modems. */
const LIMITS_MS = { enable: 120_000, disable: 60_000, register: 180_000, connect: 200_000, disconnect: 120_000 }
/** Characters of what ModemManager says that are shown. */
const CAUSE_MAX = 120

type At = Pick<Call, 'path' | 'interface'>

/** @returns why it was not done */
export type Done = Promise<Failure | undefined>

export function enable(bus: Bus, modem: string, isOn: boolean, signal: AbortSignal): Done {
  const limitMs = isOn ? LIMITS_MS.enable : LIMITS_MS.disable
  const call = { member: 'Enable', signature: 'b', args: [isOn], limitMs }
  return attempt(bus, { path: modem, interface: `${MANAGER}.Modem` }, call, isOn ? 'switch on' : 'switch off', signal)
}

/** In whichever network takes it. */
export function register(bus: Bus, modem: string, signal: AbortSignal): Done {
  const call = { member: 'Register', signature: 's', args: [''], limitMs: LIMITS_MS.register }
  return attempt(bus, { path: modem, interface: `${MANAGER}.Modem.Modem3gpp` }, call, 'register', signal)
}

export function disconnect(bus: Bus, modem: string, bearer: string, signal: AbortSignal): Done {
  const call = { member: 'Disconnect', signature: 'o', args: [bearer], limitMs: LIMITS_MS.disconnect }
  return attempt(bus, { path: modem, interface: `${MANAGER}.Modem.Simple` }, call, 'disconnect', signal)
}

/** @returns the bearer, or why there is none */
export async function dial(
  bus: Bus,
  modem: string,
  { apn, user, password, roaming }: CellularConfig,
  family: number,
  signal: AbortSignal,
): Promise<{ bearer: string } | { failure: Failure }> {
  const properties = {
    ...{ apn: variant('s', apn), 'ip-type': variant('u', family), 'allow-roaming': variant('b', roaming) },
    ...(user !== undefined && { user: variant('s', user) }),
    ...(password !== undefined && { password: variant('s', password) }),
  }
  try {
    const [bearer] = await bus.call(
      {
        ...{ destination: MANAGER, path: modem, interface: `${MANAGER}.Modem.Simple`, member: 'Connect' },
        ...{ signature: 'a{sv}', args: [Object.entries(properties)], limitMs: LIMITS_MS.connect },
      },
      signal,
    )
    return { bearer: String(bearer) }
  } catch (err) {
    if (!(err instanceof BusError)) throw err
    if (isError(err.errorName, 'apn')) return { failure: { state: 'apn-refused', cause: `"${apn}"` } }
    if (isError(err.errorName, 'login'))
      return { failure: { state: 'login-refused', cause: user === undefined ? 'there is none' : '' } }
    return { failure: { state: 'not-connected', cause: `with the APN "${apn}": ${said(err)}` } }
  }
}

/** @returns what the SIM made of it; `unknown` where nobody knows whether it was a try */
export async function sendPin(
  bus: Bus,
  sim: string,
  pin: string,
  signal: AbortSignal,
): Promise<'taken' | 'refused' | 'unknown'> {
  try {
    await bus.call(
      {
        ...{ destination: MANAGER, path: sim, interface: `${MANAGER}.Sim`, member: 'SendPin' },
        ...{ signature: 's', args: [pin], limitMs: 60_000 },
      },
      signal,
    )
    return 'taken'
  } catch (err) {
    if (!(err instanceof BusError)) throw err
    return isError(err.errorName, 'wrongPin') ? 'refused' : 'unknown'
  }
}

async function attempt(
  bus: Bus,
  at: At,
  call: Omit<Call, 'destination' | keyof At>,
  what: string,
  signal: AbortSignal,
): Done {
  try {
    await bus.call({ destination: MANAGER, ...at, ...call }, signal)
    return undefined
  } catch (err) {
    if (!(err instanceof BusError)) throw err
    return { state: 'failed', cause: `it did not ${what}: ${said(err)}` }
  }
}

/** A modem's own words may be in it. */
function said(err: BusError): string {
  return printable(err.message, CAUSE_MAX)
}
