/** The hotspot of this board as lines for a terminal; pure. */
import type { Paint } from '../../cli/paint.ts'
import { describeAge, describeDuration } from '../../cli/times.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'

export function describeHotspot(
  {
    interface: name,
    ssid,
    address,
    isOn,
    isAlsoClient,
    since,
    devices,
    next,
    problem,
  }: NonNullable<SupervisorStatus['hotspot']>,
  nowMs: number,
  paint: Paint,
): string[] {
  const ahead = (at: number) => (at > nowMs ? `in ${describeDuration(at - nowMs)}` : 'now')
  const who = devices === 1 ? '1 device is on it' : `${devices} devices are on it`
  const state = isOn
    ? `${paint.good('on')}, "${ssid}" by ${name}, this board is ${address} there; ${who}${since === null ? '' : `, since ${describeAge(since, nowMs)}`}`
    : `off; "${ssid}" by ${name}`
  return [
    state,
    ...(next?.to === 'on' ? [`starts ${ahead(next.at)}, if no way out is proved until then`] : []),
    ...(next?.to === 'off'
      ? [`ends ${ahead(next.at)}, if nobody comes${isAlsoClient ? '; the radio then looks for its networks' : ''}`]
      : []),
    ...(problem === '' ? [] : [paint.bad(`not switched when it was last asked for: ${problem}`)]),
  ]
}
