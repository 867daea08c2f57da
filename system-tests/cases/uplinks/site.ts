/** A site with Wi-Fi in the board's own machine: two access points on simulated radios, in a namespace that routes to the relay. */
import { runProgram } from '../../../testbed/run-program.ts'
import type { Machine } from '../../machine/machine.ts'
import { RADIOS, SITE } from '../wifi/guest.ts'
import { WPA2 } from '../wifi/logins.ts'

/** What the kernel calls the adapter that becomes the site's way out. */
const OUT = 'eth1'
/** This machine's end of it: RFC 2544's network, nobody's on the internet. */
const TAP = { name: 'site0', address: '198.18.0.1' }
const ROUTER = '198.18.0.2'

/** Network cards of the machine, for the site. */
export const SITE_ADAPTER = [
  ...['-netdev', `tap,id=site,ifname=${TAP.name},script=no,downscript=no`],
  ...['-device', 'virtio-net-pci,netdev=site'],
]

export const PASSPHRASE = 'correct horse battery'
/** One that both access points may have, on one cable between them. */
export const OFFICE = { ssid: 'Office', address: '198.51.100.1' }
/** Another one, of one access point. */
export const LAB = { ssid: 'Lab', address: '203.0.113.1' }
/** Behind a phone. */
const PHONE = '172.31.0.1'
type Network = typeof OFFICE

export type Radio = 'wlan1' | 'wlan2'

export interface Site {
  open(radio: Radio, network: Network): Promise<void>
  close(radio: Radio): Promise<void>
  /** Its power is cut: it says nothing any more. */
  vanish(radio: Radio): Promise<void>
  /** Its address on the air. */
  bssidOf(radio: Radio): Promise<string>
  /** A phone that shares its network by this function of a USB gadget. */
  phone(kind: 'rndis' | 'ncm'): { plugIn(): Promise<void>; pull(): Promise<void> }
}

/** Before the machine starts. */
export async function makeTap(): Promise<void> {
  for (const line of [
    `tuntap add dev ${TAP.name} mode tap`,
    `address add ${TAP.address}/24 dev ${TAP.name}`,
    `link set ${TAP.name} up`,
    ...[OFFICE.address, LAB.address, PHONE].map(address => `route add ${networkOf(address)} via ${ROUTER}`),
  ]) {
    const { code, stderr } = await runProgram('ip', line.split(' '))
    if (code !== 0) throw new Error(`ip ${line}: ${stderr}`)
  }
}

export async function makeSite({ sh }: Pick<Machine, 'sh'>): Promise<Site> {
  const inside = (line: string) => `ip -n site ${line}`
  await sh(
    [
      ...[...RADIOS, 'modprobe bridge', `ip link set ${OUT} netns site`],
      ...[`link set lo up`, `link set ${OUT} up`, `address add ${ROUTER}/24 dev ${OUT}`].map(inside),
      ...[`route add default via ${TAP.address}`, 'link add br0 type bridge', 'link set br0 up'].map(inside),
      'ip netns exec site sysctl -qw net.ipv4.ip_forward=1',
      `${SITE}/access-point serve br0 ${OFFICE.address}`,
    ].join(' && '),
  )
  const accessPoint = async (line: string) => {
    await sh(`${SITE}/access-point ${line}`)
  }
  return {
    open: async (radio, { ssid, address }) => {
      const isOffice = ssid === OFFICE.ssid
      const lines = [
        ...[`interface=${radio}`, `ssid=${ssid}`, ...WPA2, `wpa_passphrase=${PASSPHRASE}`],
        ...(radio === 'wlan2' ? ['channel=6'] : []),
      ]
      const file = `${SITE}/${radio}.conf`
      await sh(`printf '%s\\n' ${lines.map(line => `'${line}'`).join(' ')} >${file}`)
      await sh(inside(`address flush dev ${radio}`))
      await accessPoint(`up ${radio} ${file} '${isOffice ? '' : address}'`)
      // A station cannot be in a bridge, so not before.
      await sh(inside(`link set ${radio} ${isOffice ? 'master br0' : 'nomaster'}`))
    },
    close: radio => accessPoint(`down ${radio}`),
    vanish: radio => accessPoint(`vanish ${radio}`),
    phone: kind => phoneOf(sh, kind),
    bssidOf: radio => sh(`ip netns exec site cat /sys/class/net/${radio}/address`),
  }
}

/** Linux's own gadget, at an emulated port of this very machine (dummy_hcd); its end of the cable is the site's. */
function phoneOf(sh: Machine['sh'], kind: 'rndis' | 'ncm') {
  const gadget = `/sys/kernel/config/usb_gadget/${kind}`
  const own = `functions/${kind}.phone`
  const end = `phone-${kind}`
  return {
    plugIn: async () => {
      // The gadget's end of the cable stays when it is pulled out.
      await sh(
        `set -e; modprobe -a dummy_hcd usb_f_${kind}; mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
         if [ ! -e ${gadget} ]; then
           mkdir -p ${gadget}/${own} ${gadget}/configs/c.1
           cd ${gadget}; echo 0x18d1 >idVendor; echo 0x4ee4 >idProduct
           echo 0a:00:00:00:00:01 >${own}/dev_addr; echo 0a:00:00:00:00:02 >${own}/host_addr
           ln -s ${gadget}/${own} configs/c.1/
         fi
         cd ${gadget}; echo dummy_udc.0 >UDC
         if ! ip -n site link show ${end} >/dev/null 2>&1; then
           name=$(cat ${own}/ifname); ip link set $name netns site; ip -n site link set $name name ${end}
         fi
         ip -n site link set ${end} up; ${SITE}/access-point serve ${end} ${PHONE}`,
      )
    },
    pull: async () => {
      await sh(
        `echo >${gadget}/UDC || true; ${SITE}/access-point down ${end}; ip -n site address flush dev ${end} || true`,
      )
    },
  }
}

function networkOf(address: string): string {
  return `${address.replace(/\d+$/, '0')}/24`
}
