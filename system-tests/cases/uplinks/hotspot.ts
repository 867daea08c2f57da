/** The board as a hotspot, on simulated radios: a laptop joins it with the passphrase, and it makes way for a way out. */
import { isProvedReachable } from '../../../formats/states.ts'
import type { Case, Steps } from '../../case.ts'
import { DEVICE } from '../image/relay.ts'
import { SITE } from '../wifi/guest.ts'
import { type Board, CABLE } from './board.ts'
import { pullCable, standby, WIFI } from './radios.ts'
import { OFFICE } from './site.ts'
import type { Stage } from './start.ts'
import { seconds } from './take-turns.ts'

const PASSPHRASE = 'of the hotspot'
const OWN = '192.168.76.1'
/** A radio of the site that plays the laptop. */
const LAPTOP = 'wlan2'
/** Seconds in the place of five minutes without anybody, where that is tried. */
const EMPTY_S = 60
/** Milliseconds for five minutes without a way out, and what an emulated board takes for the rest. */
const LOST_MS = 1_800_000
/** Seconds for a login, or for none. */
const LOGIN_S = 60

export const HOTSPOT_CASES: readonly Case<Stage>[] = [
  { name: 'hotspot by hand, beside a cable', run: byHand },
  { name: 'hotspot for want of a way out', run: byItself },
]

async function byHand({ board, site: makeSite }: Stage, steps: Steps): Promise<undefined> {
  const { sh } = board
  await standby(board, await makeSite(), ['wlan1'], steps)
  await switchOn(board, steps)
  await steps.essential('"oobm hotspot on": the radio leaves its network for one of its own', async () => {
    const fromMs = await board.nowMs()
    await sh('oobm hotspot on --yes')
    const onMs = await board.nowMs()
    await sh(`iw dev ${WIFI} info | grep -q 'type AP'`)
    return `on after ${seconds(fromMs, onMs)}`
  })
  await steps.step('a wrong passphrase does not lead in', async () => {
    await sh(laptop('of the hotspots'))
    // Twice, so that the board looks at who is on it meanwhile.
    const said = await sh(
      `for turn in $(seq ${LOGIN_S}); do [ $(grep -c WRONG_KEY ${SITE}/laptop.log) -gt 1 ] && break; sleep 1; done; grep -c WRONG_KEY ${SITE}/laptop.log; ${wpaState}; ${LEAVE}`,
    )
    if (!/^[1-9]/.test(said) || /COMPLETED/.test(said)) throw new Error(said)
    const own = await sh(
      'journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID oobm-hotspot@wlan0)',
    )
    if (!own.includes('PSK-MISMATCH') || own.includes('devices on it')) throw new Error(own)
    return 'WRONG_KEY, and it is nobody'
  })
  await steps.essential('with the passphrase a laptop gets an address, the page and sshd', () => joinAndLook(board))
  await steps.step('who is on it is shown, and the tunnel goes by the cable', async () => {
    const { hotspot, state } = await board.until('one device', ({ hotspot }) => hotspot?.devices === 1)
    if (!isProvedReachable(state)) throw new Error(state)
    await sh(`oobm doctor | grep -q 'hotspot.*is on, ${OWN}'`)
    return `${hotspot?.devices} on "${hotspot?.ssid}", and the state is ${state}`
  })
  await steps.essential('"oobm hotspot off": the radio is in its network again', async () => {
    const fromMs = await board.nowMs()
    await sh(`oobm hotspot off; ${LEAVE}`)
    const { provedAt } = await board.untilUplink(
      WIFI,
      'the Wi-Fi to stand by, proved',
      ({ provedAt }) => (provedAt ?? 0) > fromMs,
    )
    await sh(`! ip -4 -o address show ${WIFI} | grep -q ${OWN} && ! systemctl -q is-active oobm-local@${OWN}.target`)
    // The recovery of a stuck Wi-Fi must not cut its login short.
    await sh(
      `! journalctl -q -o cat -u oobm-supervisor --since @${Math.floor(fromMs / 1000)} | grep 'to help a wireless interface'`,
    )
    return `proved after ${seconds(fromMs, provedAt ?? 0)}`
  })
  return undefined
}

async function byItself({ board, site: makeSite }: Stage, steps: Steps): Promise<undefined> {
  const { sh, until } = board
  const site = await standby(board, await makeSite(), ['wlan1'], steps)
  await switchOn(board, steps)
  await pullCable(board, steps)
  await steps.essential('nothing leads out: it starts by itself after five minutes', async () => {
    const fromMs = await board.nowMs()
    await site.close('wlan1')
    const { since } = await until('the state hotspot', ({ state }) => state === 'hotspot', LOST_MS)
    return `after ${seconds(fromMs, since)}; ${await joinAndLook(board)}`
  })
  await steps.essential(
    'the cable comes back: it stays while the laptop is on it, and ends when that leaves',
    async () => {
      const fromMs = await board.nowMs()
      await board.plugCable(true)
      await board.untilCarriedBy(CABLE, fromMs)
      await sh(`sleep 15; iw dev ${WIFI} info | grep -q 'type AP'`)
      await sh(LEAVE)
      const leftMs = await board.nowMs()
      await until('the hotspot to end', ({ hotspot }) => hotspot?.isOn === false)
      return `off ${seconds(leftMs, await board.nowMs())} after it had left`
    },
  )
  await steps.essential('one radio alone: nobody comes, so it looks for its network, which is back', async () => {
    await sh(
      `mkdir -p /run/systemd/system/oobm-hotspot@.service.d; printf '[Service]\\nEnvironment=OOBM_HOTSPOT_EMPTY_S=${EMPTY_S}\\n' >/run/systemd/system/oobm-hotspot@.service.d/test.conf; systemctl daemon-reload`,
    )
    await board.plugCable(false)
    await sh('oobm hotspot on --yes')
    await until('the state hotspot', ({ state }) => state === 'hotspot')
    await site.open('wlan1', OFFICE)
    const fromMs = await board.nowMs()
    await board.untilCarriedBy(WIFI, fromMs, LOST_MS)
    return `proved over Wi-Fi ${seconds(fromMs, await board.nowMs())} after the access point was there`
  })
  return undefined
}

/** By a file on the boot partition, as a person brings it; gone again when the case ends. */
async function switchOn({ sh, until }: Board, steps: Steps): Promise<void> {
  const bring = (lines: readonly string[]) =>
    sh(
      `mount -o remount,rw /boot/firmware && printf '%s\\n' ${lines.map(line => `'${line}'`).join(' ')} >/boot/firmware/oobm.toml && mount -o remount,ro /boot/firmware && systemctl restart oobm-provision && ! test -e /boot/firmware/oobm.toml`,
    )
  steps.cleanup(async () => {
    await sh(
      `oobm hotspot off || true; ${LEAVE}; rm -rf /run/systemd/system/oobm-hotspot@.service.d; systemctl daemon-reload`,
    )
    await bring(['[hotspot]', 'enabled = false'])
  })
  await steps.essential('a file switches the hotspot on', async () => {
    await bring(['[hotspot]', 'enabled = true', `passphrase = "${PASSPHRASE}"`])
    const { hotspot } = await until('the hotspot to be known', ({ hotspot }) => hotspot !== undefined)
    return `"${hotspot?.ssid}", off`
  })
}

async function joinAndLook({ sh, nowMs }: Board): Promise<string> {
  const fromMs = await nowMs()
  await sh(laptop(PASSPHRASE))
  await sh(
    `for turn in $(seq ${LOGIN_S}); do ${wpaState} | grep -q COMPLETED && exit 0; sleep 1; done; tail -n 20 ${SITE}/laptop.log; exit 1`,
  )
  await sh(
    `printf '#!/bin/sh\\n[ "$1" = bound ] || exit 0\\nenv >${SITE}/lease\\nip address replace $ip/24 dev $interface\\n' >${SITE}/on-lease; chmod 755 ${SITE}/on-lease; ${inside} ${SITE}/busybox udhcpc -i ${LAPTOP} -s ${SITE}/on-lease -q -n -t 10 -T 3 2>&1`,
  )
  const inMs = await nowMs()
  await sh(`grep -q '^ip=192.168.76' ${SITE}/lease && ! grep -qE '^(router|dns)=' ${SITE}/lease`)
  const page = await sh(
    `for turn in $(seq 30); do ${inside} ${SITE}/busybox wget -T 30 -qO- http://${OWN}/en && exit 0; sleep 2; done; exit 1`,
  )
  if (!page.includes(DEVICE)) throw new Error(`the page: ${page.slice(0, 300)}`)
  const keys = await sh(`${inside} ssh-keyscan -T 30 ${OWN} 2>/dev/null`)
  if (!keys.includes('ssh-ed25519')) throw new Error(`sshd: ${keys}`)
  return `an address after ${seconds(fromMs, inMs)}, the page of ${DEVICE}, sshd's key`
}

const inside = 'ip netns exec site'
const wpaState = `${inside} wpa_cli -p /run/laptop -i ${LAPTOP} status | sed -n 's/^wpa_state=//p'`
/** Its radio is nobody's between two tries. */
const LEAVE = `if [ -e ${SITE}/laptop.pid ]; then pid=$(cat ${SITE}/laptop.pid); kill $pid || true; for turn in $(seq 100); do kill -0 $pid 2>/dev/null || break; sleep 0.2; done; fi; ${inside} ip address flush dev ${LAPTOP}`

function laptop(passphrase: string): string {
  const lines = [
    ...['ctrl_interface=/run/laptop', 'country=JP', 'network={', `ssid="oobm-${DEVICE}"`, `psk="${passphrase}"`],
    ...['key_mgmt=WPA-PSK', '}'],
  ]
  return `${LEAVE}; rm -f ${SITE}/laptop.log; printf '%s\\n' ${lines.map(line => `'${line}'`).join(' ')} >${SITE}/laptop.conf; ${inside} wpa_supplicant -B -i ${LAPTOP} -D nl80211 -c ${SITE}/laptop.conf -P ${SITE}/laptop.pid -f ${SITE}/laptop.log`
}
