/** What a modem is doing, and what is to be done next; pure. */
import type { CellularConfig } from '../formats/cellular-settings.ts'
import type { ModemState } from '../formats/modem-status.ts'
import { FAILED, IP_FAMILY, isRoaming, LOCK, METHOD, REGISTRATION, STATE } from './modem-manager/names.ts'
import type { BearerFacts, ModemFacts } from './modem-manager/read-modems.ts'

export type Step =
  | { do: 'unlock'; sim: string; pin: string }
  | { do: 'enable' }
  | { do: 'disable' }
  | { do: 'register' }
  | { do: 'connect'; family: number }
  | { do: 'disconnect'; bearer: string }

/** What came of the steps until now. */
export interface Memory {
  /** Steps that failed in a row. */
  failures: number
  /** Of the last one that failed; undefined after one that did not. */
  failure: { state: ModemState; cause: string } | undefined
  /** The bearer that this program has connected, as the settings say. */
  bearer: string | undefined
  /** Why this PIN must not be tried on this SIM; undefined: it may be. */
  pinProblem: string | undefined
}

export interface Judged {
  state: ModemState
  cause: string
  step?: Step
  /** Connected as it is meant: the network may have it. */
  bearer?: BearerFacts
}

/** The fewest tries that the SIM must have left: with the last one the board would lock it. */
const PIN_TRIES_MIN = 2
/** Failed connections in a row after which the modem is switched off and on. */
const OFF_AND_ON_AFTER = 5
/** Where the settings leave it open: what is asked for after so many failures, in turn. */
const FAMILIES = [IP_FAMILY.v4v6, IP_FAMILY.v4, IP_FAMILY.v6]

export function nextStep(modem: ModemFacts | undefined, config: CellularConfig, memory: Memory): Judged {
  if (modem === undefined) return { state: 'no-modem', cause: '' }
  switch (modem.state) {
    case STATE.failed:
      return judgeFailed(modem)
    case STATE.locked:
      return judgeLocked(modem, config, memory)
    case STATE.disabled:
      return waiting(memory, 'starting', { do: 'enable' })
    case STATE.enabled:
    case STATE.searching:
      return judgeSearching(modem, memory)
    case STATE.registered:
      return judgeRegistered(modem, config, memory)
    case STATE.connecting:
      return { state: 'connecting', cause: '' }
    case STATE.connected:
      return judgeConnected(modem, config, memory)
    default:
      return { state: 'starting', cause: '' }
  }
}

/** While a failed step waits for its next try, its failure is what counts. */
function waiting({ failure }: Memory, state: ModemState, step: Step): Judged {
  return failure === undefined ? { state, cause: '', step } : { ...failure, step }
}

function judgeFailed({ failedReason, sim }: ModemFacts): Judged {
  if (failedReason === FAILED.simMissing) return { state: 'no-sim', cause: '' }
  if (failedReason === FAILED.esimWithoutProfiles) return { state: 'no-sim', cause: 'its eSIM has no profile' }
  if (failedReason === FAILED.simError) return { state: 'sim-failed', cause: '' }
  return { state: 'failed', cause: sim === undefined ? 'it may have no SIM' : '' }
}

function judgeLocked({ lock, pinTries, sim }: ModemFacts, { pin }: CellularConfig, memory: Memory): Judged {
  if (lock === LOCK.simPuk) return { state: 'puk-wanted', cause: '' }
  if (lock !== LOCK.simPin) return lock <= LOCK.none ? { state: 'starting', cause: '' } : { state: 'locked', cause: '' }
  if (pin === undefined || sim === undefined) return { state: 'pin-wanted', cause: '' }
  const left = pinTries === undefined ? '' : `the SIM has ${pinTries} ${pinTries === 1 ? 'try' : 'tries'} left`
  if (memory.pinProblem !== undefined)
    return { state: 'pin-refused', cause: [memory.pinProblem, left].filter(part => part !== '').join('; ') }
  if (pinTries !== undefined && pinTries < PIN_TRIES_MIN) return { state: 'pin-last-try', cause: '' }
  return { state: 'starting', cause: 'unlocking the SIM', step: { do: 'unlock', sim, pin } }
}

function judgeSearching({ registration, signal }: ModemFacts, memory: Memory): Judged {
  if (registration === REGISTRATION.denied) return { state: 'denied', cause: '' }
  const state = signal === undefined || signal.percent === 0 ? 'no-signal' : 'searching'
  return registration === REGISTRATION.idle ? waiting(memory, state, { do: 'register' }) : { state, cause: '' }
}

function judgeRegistered(modem: ModemFacts, config: CellularConfig, memory: Memory): Judged {
  const abroad = foreign(modem, config)
  if (abroad !== undefined) return { state: 'roaming', cause: abroad }
  const { failures } = memory
  const isStuck = failures > 0 && failures % OFF_AND_ON_AFTER === 0 && memory.failure?.state === 'not-connected'
  const step: Step = isStuck ? { do: 'disable' } : { do: 'connect', family: familyOf(config, failures) }
  return waiting(memory, 'connecting', step)
}

function judgeConnected(modem: ModemFacts, config: CellularConfig, memory: Memory): Judged {
  const bearer = modem.bearers.find(({ isConnected }) => isConnected)
  if (bearer === undefined) return { state: 'connecting', cause: '' }
  const abroad = foreign(modem, config)
  if (abroad !== undefined) return { state: 'roaming', cause: abroad, step: { do: 'disconnect', bearer: bearer.path } }
  if (bearer.path !== memory.bearer && !isWanted(bearer, config))
    return waiting(memory, 'connecting', { do: 'disconnect', bearer: bearer.path })
  if ([bearer.ip4, bearer.ip6].every(ip => ip === undefined || ip.method === METHOD.ppp))
    return { state: 'dial-up-only', cause: '' }
  return { state: 'connected', cause: '', bearer }
}

/** What foreign network it is in, where that is not allowed. */
function foreign({ registration, operator }: ModemFacts, { roaming }: CellularConfig): string | undefined {
  return !roaming && isRoaming(registration) ? operator : undefined
}

/** Of one that an earlier start connected, or somebody else. */
function isWanted(bearer: BearerFacts, config: CellularConfig): boolean {
  const { apn, user = '', password = '', ip } = config
  const isSame = bearer.apn.toLowerCase() === apn.toLowerCase() && bearer.user === user && bearer.password === password
  return isSame && (ip === undefined || bearer.family === IP_FAMILY[ip])
}

function familyOf({ ip }: CellularConfig, failures: number): number {
  return ip === undefined ? (FAMILIES[failures % FAMILIES.length] ?? IP_FAMILY.v4v6) : IP_FAMILY[ip]
}

/** Which entry has which modem: those that name an interface first; the rest takes what is left, in the order of the list. */
export function assignModems(
  entries: readonly CellularConfig[],
  modems: readonly ModemFacts[],
  any: string,
): (ModemFacts | undefined)[] {
  const hasName = ({ interfaces, bearers }: ModemFacts, name: string) =>
    interfaces.includes(name) || bearers.some(bearer => bearer.interface === name)
  const named = entries.map(({ interface: name }) =>
    name === any ? undefined : modems.find(modem => hasName(modem, name)),
  )
  // The oldest first, so that a second one takes nobody's place.
  const left = modems.filter(modem => !named.includes(modem)).sort((a, b) => numberOf(a) - numberOf(b))
  return entries.map(({ interface: name }, at) => (name === any ? left.shift() : named[at]))
}

/** ModemManager counts them. */
function numberOf({ path }: ModemFacts): number {
  return Number(path.slice(path.lastIndexOf('/') + 1))
}
