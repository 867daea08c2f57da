/** Wi-Fi as an uplink on simulated radios: in the place of a cable, and from one access point to the other. */
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Case, Steps } from '../../case.ts'
import { type Board, CABLE } from './board.ts'
import { OFFICE, type Radio, type Site } from './site.ts'
import type { Stage } from './start.ts'
import { checkStandby, seconds, takeTurns } from './take-turns.ts'

export const WIFI = 'wlan0'
const LOOK_MS = 2_000

export const RADIO_CASES: readonly Case<Stage>[] = [
  { name: 'Wi-Fi beside a cable', run: besideCable },
  { name: 'Wi-Fi, from one access point to the other', run: roam },
]

async function besideCable({ board, site: makeSite }: Stage, steps: Steps): Promise<undefined> {
  const site = await standby(board, await makeSite(), ['wlan1'], steps)
  const gone = 'the access point loses its power while the Wi-Fi carries the tunnel'
  const takeAway = () => site.vanish('wlan1')
  await takeTurns(board, { name: WIFI, kind: 'wifi', gone, takeAway }, steps)
  return undefined
}

async function roam({ board, site: makeSite }: Stage, steps: Steps): Promise<undefined> {
  const { sh, tess, nowMs, until, untilCarriedBy } = board
  const site = await standby(board, await makeSite(), ['wlan1', 'wlan2'], steps)
  await pullCable(board, steps)
  for (const turn of ['to the other', 'and back']) {
    await steps.essential(`its access point loses its power: ${turn}`, async () => {
      const bssids = { wlan1: await site.bssidOf('wlan1'), wlan2: await site.bssidOf('wlan2') }
      const here = await bssidNow(board)
      const from: Radio = bssids.wlan1 === here ? 'wlan1' : 'wlan2'
      const to: Radio = from === 'wlan1' ? 'wlan2' : 'wlan1'
      const before = await until('its tunnel', ({ connectedAt }) => connectedAt !== null)
      const session = tess.shell('sleep 60; echo lives', 600_000).catch(() => 'ended')
      // It is in when the relay has let it in.
      await waitFor('the session', async () => (await sh('pgrep -fx "sleep 60" || true')) !== '' || undefined, {
        timeoutMs: 120_000,
        paceMs: LOOK_MS,
      })
      const fromMs = await nowMs()
      await site.vanish(from)
      await sh(
        `for turn in $(seq 300); do wpa_cli -i ${WIFI} status | tr '\\n' ' ' | grep -q 'bssid=${bssids[to]}.*wpa_state=COMPLETED' && exit 0; sleep 0.2; done; exit 1`,
      )
      const inMs = await nowMs()
      // A proof that began after the change.
      await sh('oobm test >/dev/null')
      await untilCarriedBy(WIFI, inMs)
      const after = await until('its tunnel', ({ connectedAt }) => connectedAt !== null)
      const lived = after.connectedAt === before.connectedAt ? 'the tunnel lives on' : 'a new tunnel'
      const said = (await session).trim()
      // For the way back, and the next case.
      await site.open(from, OFFICE)
      return `in after ${seconds(fromMs, inMs)}; ${lived}; a technician’s session ${said}`
    })
  }
  return undefined
}

/** Opens the office's network beside the cable; all of it is closed when the case ends. */
export async function standby(board: Board, site: Site, radios: readonly Radio[], steps: Steps): Promise<Site> {
  steps.cleanup(async () => {
    await board.plugCable(true)
    await site.close('wlan1')
    await site.close('wlan2')
  })
  await board.forget()
  await steps.essential('Wi-Fi in reach: an uplink that stands by, proved', async () => {
    const fromMs = await board.nowMs()
    for (const radio of radios) await site.open(radio, OFFICE)
    return checkStandby(board, { name: WIFI, kind: 'wifi' }, fromMs)
  })
  await board.untilCarriedBy(CABLE, 0)
  return site
}

export async function pullCable(board: Board, { essential }: Steps): Promise<void> {
  await essential('the cable pulled: the tunnel goes by the Wi-Fi', async () => {
    const fromMs = await board.nowMs()
    await board.plugCable(false)
    return `proved after ${seconds(fromMs, await board.untilCarriedBy(WIFI, fromMs))}`
  })
}

const bssidNow = ({ sh }: Board) => sh(`wpa_cli -i ${WIFI} status | sed -n 's/^bssid=//p'`)
