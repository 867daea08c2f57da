/** The two ends in one guest: the board, as its image makes it, and a site with access points, a switch and a login server in a namespace beside it. */
import { type Authority, type Certified, makeAuthority } from '../../../device/provision/testing/authority.ts'
import { type Account, renderLoginServer, renderUsers } from '../../../device/provision/testing/login-server.ts'
import type { Machine } from '../../machine/machine.ts'

/** Where the site's programs and files are in the guest; /run may be mounted without the right to start any. */
export const SITE = '/srv/wifi'
/** Commands that make three radios of the site's archive: wlan0 is the board's, the others are the site's. */
export const RADIOS: readonly string[] = [
  `mkdir ${SITE}`,
  `tar -C ${SITE} -xf /boot/firmware/wifi.tar`,
  'modprobe mac80211',
  'ip netns add site',
  `insmod ${SITE}/mac80211_hwsim.ko radios=3`,
  // As Raspberry Pi OS has it: a radio that appears is blocked.
  'for radio in /sys/class/rfkill/*; do echo 1 >$radio/soft; done',
  'udevadm trigger --action=add --subsystem-match=rfkill --settle',
  'iw phy phy1 set netns name site && iw phy phy2 set netns name site',
]
/** Seconds in which the board is in, or is not: a scan takes some, a refusal is repeated after more, and all is emulated. */
const PATIENCE_S = 90

export interface Guest {
  sh(line: string): Promise<string>
  authority: Authority
  other: Authority
  client: Certified
  /** Lines of hostapd.conf for a login server, and its port of an access point or a switch. */
  loginServer: string[]
  /** Starts an access point or a port of the switch; addresses by DHCP from the network of `address`, none where that is empty. */
  open(name: Port, lines: readonly string[], address: string): Promise<void>
  close(name: Port): Promise<void>
  /** The board with no other settings of the site than these, as after a start with this file. */
  provision(site: string): Promise<void>
  /** Waits for an IPv4 address, and for what `wpa_cli status` is to say. */
  untilIn(interfaceName: string, status: Readonly<Record<string, string>>): Promise<void>
  /** Waits until it has seen the access point at wlan1, and has had the time to choose it. */
  untilPassedOver(interfaceName: string): Promise<void>
  /** Waits for a line in the journal of the unit that logs in. */
  untilSaid(interfaceName: string, pattern: string): Promise<void>
}

export type Port = 'wlan1' | 'wlan2' | 'far0'

export async function settle(machine: Machine, directory: string, account: Account): Promise<Guest> {
  const { sh } = machine
  const put = async (path: string, content: string) => {
    await sh(`printf %s ${Buffer.from(content).toString('base64')} | base64 -d >${path}`)
  }
  // As a driver does at boot: the interface appears, and udev starts what the image says.
  await sh(
    [
      'until systemctl -q is-active multi-user.target; do sleep 1; done',
      ...RADIOS,
      'modprobe veth',
      'ip link add eth0 type veth peer name far0 netns site && ip -n site link set far0 up',
    ].join(' && '),
  )
  const authority = await makeAuthority(directory, 'authority')
  const server = await authority.issue('radius.example.net')
  const files: [path: string, content: string][] = [
    [`${SITE}/users`, renderUsers([account])],
    [`${SITE}/authority.crt`, authority.certificate],
    [`${SITE}/server.crt`, server.certificate],
    [`${SITE}/server.key`, server.key],
  ]
  for (const [path, content] of files) await put(path, content)
  return {
    ...{ sh, authority, other: await makeAuthority(directory, 'other') },
    client: await authority.issue('rack1.example.net'),
    loginServer: [
      'tls_flags=[DISABLE-TIME-CHECKS]',
      ...renderLoginServer(
        `${SITE}/users`,
        { certificatePath: `${SITE}/server.crt`, keyPath: `${SITE}/server.key` },
        { certificatePath: `${SITE}/authority.crt` },
      ),
    ],
    open: async (name, lines, address) => {
      await put(`${SITE}/${name}.conf`, [`interface=${name}`, ...lines, ''].join('\n'))
      await sh(`${SITE}/access-point up ${name} ${SITE}/${name}.conf '${address}'`)
    },
    close: async name => {
      await sh(`${SITE}/access-point down ${name}`)
    },
    provision: async site => {
      await sh(
        'systemctl stop "oobm-wpa@*"; ip link set wlan0 down; ip link set eth0 down; rm -f /etc/oobm/secrets/system.toml',
      )
      await sh('mount -o remount,rw /boot/firmware')
      await put('/boot/firmware/oobm.toml', `[system]\ncountry = "JP"\n${site}`)
      await sh(
        'mount -o remount,ro /boot/firmware && systemctl restart oobm-provision && ! test -e /boot/firmware/oobm.toml',
      )
      await sh(
        'networkctl reload; for name in wlan0 eth0; do networkctl up $name; systemctl start oobm-wpa@$name; done',
      )
    },
    untilIn: async (name, status) => {
      await sh(until(`ip -4 -o address show ${name} | grep -q inet`, name))
      for (const key of Object.keys(status)) {
        const wanted = Buffer.from(`${key}=${status[key]}`).toString('base64')
        await sh(until(`wpa_cli -i ${name} status | grep -qxF "$(echo ${wanted} | base64 -d)"`, name))
      }
    },
    untilPassedOver: async name => {
      await sh(until(`wpa_cli -i ${name} scan_results | grep -q ^02:00:00:00:01:00`, name))
      // Two scans more (wpa_supplicant.conf(5), scan_interval).
      await sh('sleep 12')
    },
    untilSaid: async (name, pattern) => {
      await sh(
        until(
          `journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID oobm-wpa@${name}) | grep -qE '${pattern}'`,
          name,
        ),
      )
    },
  }
}

function until(condition: string, name: string): string {
  const report = `journalctl -q -o cat -u oobm-wpa@${name} -n 30; tail -n 15 ${SITE}/*.hostapd.log; ip -br address; exit 1`
  return `for turn in $(seq ${PATIENCE_S}); do ${condition} && exit 0; sleep 1; done; ${report}`
}
