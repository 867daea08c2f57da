/** USB modems that look like a network adapter: plugged in beside a cable, in its place when that fails, and pulled out. */
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Steps } from '../../case.ts'
import type { Board } from './board.ts'
import type { Stage } from './start.ts'
import { checkStandby, takeTurns } from './take-turns.ts'

/** As somebody on site has it in their hand. */
interface Modem {
  name: string
  /** Of the kernel, for what its interface is. */
  driver: 'cdc_ether' | 'rndis_host' | 'cdc_ncm'
  /** A phone is Linux's own gadget; everything else is QEMU's usb-net. */
  gadget?: 'rndis' | 'ncm'
  /** Whether the kernel takes it for a known stick, and calls it wwan0. */
  isStick?: boolean
  /** Also what takes its time: the way back, and a cable that is dead behind its carrier. */
  isWhole?: boolean
}

/**
 * QEMU's usb-net has RNDIS, too (hw/usb/dev-network.c), but carried nothing more after DHCP in each run; so RNDIS is a gadget's.
 * One cause may be the byte that Linux adds to a frame of 84, 148, … bytes.
 */
export const MODEMS: readonly Modem[] = [
  { name: 'a modem, CDC Ethernet', driver: 'cdc_ether', isWhole: true },
  { name: 'a modem that is called wwan0', driver: 'cdc_ether', isStick: true },
  { name: 'a phone, RNDIS', driver: 'rndis_host', gadget: 'rndis' },
  { name: 'a phone, CDC NCM', driver: 'cdc_ncm', gadget: 'ncm' },
]

/** QEMU's ids, and those of a stick that the kernel's driver knows (cdc_ether's table): a u-blox TOBY-L2. */
const QEMU_IDS = '0525 a4a2'
const STICK_IDS = '1546 1143'
/** The configuration of QEMU's usb-net with CDC Ethernet. */
const CDC = 1

export async function playModem({ board, site }: Stage, modem: Modem, steps: Steps): Promise<undefined> {
  const { driver, isWhole = false } = modem
  await board.forget()
  const port = modem.gadget === undefined ? portOf(board, modem) : (await site()).phone(modem.gadget)
  steps.cleanup(async () => {
    await board.plugCable(true)
    await port.pull()
  })
  let name = ''
  await steps.essential('plugged in: an uplink that stands by, proved', async () => {
    const fromMs = await board.nowMs()
    await port.plugIn()
    name = await interfaceOf(board, driver)
    return `${name}, driver ${driver}, ${await checkStandby(board, { name, kind: 'modem' }, fromMs)}`
  })
  const gone = 'the modem pulled out while it carries the tunnel'
  await takeTurns(board, { name, kind: 'modem', gone, takeAway: port.pull, isWhole }, steps)
  return undefined
}

/** The port, as somebody on site uses it. */
function portOf({ machine: { qmp }, sh }: Board, { driver, isStick }: Modem) {
  const id = 'modem'
  let isIn = false
  return {
    plugIn: async () => {
      const ids = `/sys/bus/usb/drivers/${driver}`
      if (isStick) await sh(`modprobe ${driver} && echo ${QEMU_IDS} 02 ${STICK_IDS} >${ids}/new_id`)
      // A network of its own behind it, which leads to the relay, too.
      await qmp.execute('netdev_add', { type: 'user', id: `${id}-net`, net: '10.0.3.0/24' })
      await qmp.execute('device_add', { driver: 'usb-net', id, bus: 'usb.0', netdev: `${id}-net` })
      isIn = true
      // As usb_modeswitch(1) does for a modem with several configurations; the kernel takes the first one that it knows.
      await sh(
        `for turn in $(seq 60); do file=$(grep -l a4a2 /sys/bus/usb/devices/*/idProduct) && break; sleep 0.5; done
         cd "$(dirname "$file")" && [ "$(cat bConfigurationValue)" = ${CDC} ] || echo ${CDC} >bConfigurationValue`,
      )
    },
    pull: async () => {
      if (!isIn) return
      isIn = false
      await qmp.execute('device_del', { id })
      await qmp.execute('netdev_del', { id: `${id}-net` })
      if (isStick) await sh(`echo ${QEMU_IDS} >/sys/bus/usb/drivers/${driver}/remove_id`)
    },
  }
}

/** @returns what the kernel calls it */
function interfaceOf({ sh }: Board, driver: string): Promise<string> {
  const look = `for one in /sys/class/net/*; do case $(readlink $one/device/driver) in */${driver}) basename $one ;; esac; done`
  return waitFor(`an interface of ${driver}`, async () => (await sh(look)) || undefined, {
    timeoutMs: 60_000,
    paceMs: 1_000,
  })
}
