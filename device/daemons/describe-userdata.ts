/** What `oobm status` says of userdata, as lines for a terminal; pure. */
import type { Paint } from '../../cli/paint.ts'
import { describeAge } from '../../cli/times.ts'
import { isProvedReachable } from '../../formats/states.ts'
import type { UserdataStatus } from '../../formats/userdata.ts'

export function describeUserdata(status: UserdataStatus, nowMs: number, paint: Paint): string[] {
  const { interface: name, lookedAt, fault, relays, trial, undone } = status
  const look = lookedAt === null ? 'not looked at yet' : `looked at ${describeAge(lookedAt, nowMs)}`
  return [
    `over ${name}, ${look}${fault === '' ? '' : `: ${paint.bad(fault)}`}`,
    ...relays.flatMap(({ relay, remotePort, key, beside }) => {
      const login = key === null ? "logs in with this device's own key" : `logs in with the key ${key}`
      const named = `it names ${relay}, listener ${remotePort}; ${login}`
      return beside === undefined ? [named] : [named, `  beside the first: ${describeBeside(beside, nowMs, paint)}`]
    }),
    ...(trial === null ? [] : [describeTrial(trial, nowMs)]),
    ...(undone === null ? [] : [describeUndone(undone, nowMs)]),
  ]
}

type Beside = NonNullable<UserdataStatus['relays'][number]['beside']>

export function describeBeside({ state, cause, provedAt }: Beside, nowMs: number, paint: Paint): string {
  const proof = provedAt === null ? 'never proved since the start' : `proved ${describeAge(provedAt, nowMs)}`
  return `${isProvedReachable(state) ? paint.good(state) : paint.bad(state)}, ${proof}: ${cause}`
}

export function describeTrial(
  { phase, since, cause, to }: NonNullable<UserdataStatus['trial']>,
  nowMs: number,
): string {
  const age = describeAge(since, nowMs)
  return phase === 'trial'
    ? `${to}: on trial, begun ${age}; waits for ${cause}`
    : `${to}: came ${age}, not used yet: ${cause}`
}

export function describeUndone({ at, cause, to }: NonNullable<UserdataStatus['undone']>, nowMs: number): string {
  return `${to}: given up ${describeAge(at, nowMs)}, ${cause}`
}
