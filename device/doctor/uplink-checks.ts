/** `oobm doctor` on several uplinks: what each was proved by, and what the system must do for that. */
import { access, constants, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeAge } from '../../cli/times.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { type Check, type Finding, ok, warning } from './finding.ts'

type Uplink = NonNullable<SupervisorStatus['uplinks']>[number]
type Portal = NonNullable<SupervisorStatus['portals']>[number]

/** Of uplinks nothing where the device has one: nothing is chosen there. */
export function uplinkChecks(env: NodeJS.ProcessEnv, nowMs: number): Check[] {
  return [
    {
      what: 'uplinks',
      run: async report => {
        const reading = await readSupervisor(env)
        const { uplinks = [], portals = [] } = reading.running ? reading.status : {}
        for (const portal of portals) report(describePortal(portal, nowMs))
        for (const uplink of uplinks) report(describeUplink(uplink))
        if (uplinks.length < 2) return
        for (const { name } of uplinks) {
          if ((await filterOf(name)) === 1) report(filtered(name))
        }
        if (!(await hasProgram('socat', env))) report(NO_SOCAT)
      },
    },
  ]
}

export function describeUplink({ name, carries, provedAt, why }: Uplink): Finding {
  const what = `uplink ${name}`
  if (carries) return ok(what, 'carries the tunnel')
  // What is merely not needed now is no fault.
  if (provedAt !== null && /^(stands by|must be proved)/.test(why)) return ok(what, why)
  return warning(what, why, 'nobody is cut off by this; docs/ways-out.md says how an uplink is judged')
}

export function describePortal({ interface: name, page, at }: Portal, nowMs: number): Finding {
  return warning(
    name === null ? 'captive portal' : `captive portal of ${name}`,
    `${page} answered in the relay's place, ${describeAge(at, nowMs)}`,
    'open that page with a browser in this network and accept it, or ask the site to let this board through',
  )
}

const filtered = (name: string) =>
  warning(
    `uplink ${name} rp_filter`,
    'is 1: the kernel drops answers that come in by another interface than the default route',
    'set net.ipv4.conf.all.rp_filter=2 in /etc/sysctl.d, and remove what sets it to 1; then restart systemd-sysctl',
  )

const NO_SOCAT = warning('uplinks socat', 'is not installed: only the default route is used', 'apt install socat')

/** The greater of the two counts (Documentation/networking/ip-sysctl.rst). */
async function filterOf(name: string): Promise<number> {
  const values = ['all', name].map(async each => {
    const text = await readFile(`/proc/sys/net/ipv4/conf/${each}/rp_filter`, 'utf8').catch(() => '0')
    return Number(text.trim())
  })
  return Math.max(...(await Promise.all(values)))
}

async function hasProgram(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = (env.PATH ?? '/usr/bin:/bin').split(':')
  const found = await Promise.all(
    folders.map(folder =>
      access(join(folder, name), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
