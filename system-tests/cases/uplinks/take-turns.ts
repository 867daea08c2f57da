/** The steps of every uplink that stands by for a cable: it carries the tunnel when the cable fails, and until it fails itself. */
import type { Steps } from '../../case.ts'
import { type Board, CABLE, type Uplink } from './board.ts'

export interface Standby {
  name: string
  kind: Uplink['kind']
  /** What happens to it at last, as somebody sees it. */
  gone: string
  takeAway(): Promise<void>
  /** Also what takes its time: the way back to the cable, and a cable that is dead behind its carrier. */
  isWhole?: boolean
}

/** Waits until it is proved. @param sinceMs when it came @returns what is seen of it @throws where it is no standby */
export async function checkStandby(
  { sh, untilUplink }: Board,
  { name, kind }: Pick<Standby, 'name' | 'kind'>,
  sinceMs: number,
) {
  const isProved = ({ provedAt }: Uplink) => (provedAt ?? 0) >= sinceMs
  const uplink = await untilUplink(name, `${name} to be proved`, isProved)
  if (uplink.kind !== kind || uplink.metered !== (kind === 'modem') || uplink.why !== 'stands by')
    throw new Error(`${name} is ${JSON.stringify(uplink)}`)
  const routes = await sh('ip -color=never -4 route show default')
  const metricOf = (one: string) => Number(new RegExp(`dev ${one} .*metric (\\d+)`).exec(routes)?.[1])
  if (!(metricOf(CABLE) < metricOf(name))) throw new Error(`what else the board does may go by ${name}: ${routes}`)
  const bytes = uplink.dayBytes === null ? '' : `; ${uplink.dayBytes} bytes`
  return `proved ${seconds(sinceMs, uplink.provedAt)} after it came${bytes}`
}

export async function takeTurns(board: Board, standby: Standby, { essential, step }: Steps): Promise<void> {
  const { tess, nowMs, untilUplink, untilCarriedBy, plugCable, silenceCable } = board
  const { name, gone, takeAway, isWhole = false } = standby
  await essential(`the cable pulled: the tunnel goes by ${name}, proved`, async () => {
    const fromMs = await nowMs()
    await plugCable(false)
    const provedMs = await untilCarriedBy(name, fromMs)
    await tess.shell('true')
    return `after ${seconds(fromMs, provedMs)}, and a technician logs in`
  })
  if (isWhole) {
    await essential('the cable is back: the tunnel goes by it when it has been proved for five minutes', async () => {
      const fromMs = await nowMs()
      await plugCable(true)
      return `after ${seconds(fromMs, await untilCarriedBy(CABLE, fromMs, 900_000))}`
    })
    await essential(`the cable dead behind its carrier: the tunnel goes by ${name}, proved`, async () => {
      const fromMs = await nowMs()
      await silenceCable(true)
      const provedMs = await untilCarriedBy(name, fromMs)
      await tess.shell('true')
      const { why } = await untilUplink(CABLE, 'the cable to be given up', ({ carries }) => !carries)
      return `after ${seconds(fromMs, provedMs)}, and a technician logs in; the cable: ${why}`
    })
  }
  await essential('the cable is well again: it has to show that it lasts', async () => {
    const fromMs = await nowMs()
    await (isWhole ? silenceCable(false) : plugCable(true))
    const isProved = ({ provedAt }: Uplink) => (provedAt ?? 0) > fromMs
    const { provedAt, why } = await untilUplink(CABLE, 'a proof of the cable', isProved)
    await untilCarriedBy(name, 0)
    return `proved after ${seconds(fromMs, provedAt)}; ${why}`
  })
  await step(`${gone}: back over the cable, proved`, async () => {
    const fromMs = await nowMs()
    await takeAway()
    const provedMs = await untilCarriedBy(CABLE, fromMs)
    const { why } = await untilUplink(name, `${name} to be given up`, ({ carries }) => !carries)
    await tess.shell('true')
    return `after ${seconds(fromMs, provedMs)}, and a technician logs in; ${name}: ${why}`
  })
}

export const seconds = (fromMs: number, toMs: number | null) =>
  `${(((toMs ?? Number.NaN) - fromMs) / 1000).toFixed(1)} s`
