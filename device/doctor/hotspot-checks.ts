/** `oobm doctor` on the hotspot: whether the board could become one, and whether who is on it reaches the board. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { kernelFolders, provisioningDirectory } from '../../formats/directories.ts'
import { type HotspotSpec, readHotspotSpec } from '../../formats/hotspot.ts'
import type { Sides } from '../../formats/sides.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { readSides } from '../daemons/read-sides.ts'
import { type Check, type Finding, ok, warning, wrong } from './finding.ts'

const WHAT = 'hotspot'

/** None where the settings have no hotspot. */
export function hotspotChecks(env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: WHAT,
      run: async report => {
        const spec = await readHotspotSpec(provisioningDirectory(env))
        if (spec === undefined) return
        const radio = join(kernelFolders(env).sysfs, 'class/net', spec.interface, 'phy80211')
        const hasRadio = await access(radio).then(
          () => true,
          () => false,
        )
        const [supervisor, sides] = await Promise.all([readSupervisor(env), readSides(env)])
        const status = supervisor.running ? supervisor.status.hotspot : undefined
        report(judgeHotspot(spec, { hasRadio, status, sides }))
      },
    },
  ]
}

export interface HotspotLook {
  hasRadio: boolean
  status: SupervisorStatus['hotspot']
  sides: Sides | undefined
}

/** Pure. */
export function judgeHotspot(
  { interface: name, ssid, address, automatic }: HotspotSpec,
  { hasRadio, status, sides }: HotspotLook,
): Finding {
  if (!hasRadio)
    return wrong(
      WHAT,
      `there is no wireless interface ${name}`,
      'plug a Wi-Fi adapter in, name another one as hotspot.interface, or set hotspot.enabled = false',
    )
  const last = status?.problem ?? ''
  if (status?.isOn !== true) {
    const log = `sudo journalctl -u oobm-apply -u "oobm-hotspot@*" -n 30`
    if (last !== '') return warning(WHAT, `"${ssid}" was not switched when it was last asked for: ${last}`, log)
    return ok(
      WHAT,
      `"${ssid}" is off; it starts ${automatic ? 'without a way out for 5 minutes, by' : 'by'} "oobm hotspot on" or the button`,
    )
  }
  const own = sides?.addresses.find(one => one.interface === name && one.address === address)
  const on = `"${ssid}" is on`
  if (own === undefined)
    return wrong(WHAT, `${on}, and ${name} does not have ${address}`, 'systemctl status systemd-networkd oobm-sides')
  if (own.side !== 'local') {
    const remedy = 'choose another network as hotspot.address, such as 192.168.176.1/24, and import that'
    return wrong(WHAT, `${on}, and nothing is served on ${address}: ${own.why}`, remedy)
  }
  return ok(WHAT, `${on}, ${address}; devices on it: ${status.devices}`)
}
