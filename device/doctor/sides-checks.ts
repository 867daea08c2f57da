/** `oobm doctor`: on which side of the board each address is, and what listens there. */
import { readFile } from 'node:fs/promises'
import spawn from 'nano-spawn'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { sidesPath } from '../../formats/directories.ts'
import { readSides } from '../daemons/read-sides.ts'
import { type Check, skipped, warning } from './finding.ts'
import { judgeListeners, type Service } from './judge-listeners.ts'
import { type Listener, parseListeners } from './listeners.ts'

const WHAT = 'sides of addresses'

export function sidesChecks(config: DeviceConfig, env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: WHAT,
      run: async (report, signal) => {
        const sides = await readSides(env)
        if (sides === undefined) {
          const remedy = 'nothing is local: sudo systemctl restart oobm-sides; journalctl -u oobm-sides -n 20'
          report(warning(WHAT, `${sidesPath(env)} is not there, or is damaged`, remedy))
          return
        }
        const text = await output('ss', ['-Htulnp'], signal)
        if (text === undefined) {
          report(skipped(WHAT, 'ss did not say what listens'))
          return
        }
        const services = await Promise.all(parseListeners(text).map(withUnit))
        const isRoot = process.getuid?.() === 0
        const rules = isRoot ? await output('nft', ['list', 'chain', 'inet', 'oobm_sides', 'input'], signal) : undefined
        const sshIsClosed = isRoot
          ? new RegExp(`tcp dport ${config.shell.port}\\b.*reject`).test(rules ?? '')
          : undefined
        judgeListeners({ config, services, addresses: sides.addresses, sshIsClosed }).forEach(report)
      },
    },
  ]
}

/** @returns undefined when it cannot be run, or fails */
async function output(command: string, args: string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await spawn(command, args, { signal })).stdout
  } catch {
    return undefined
  }
}

/** The unit from the last part of its cgroup (systemd.unit(5)). */
async function withUnit(listener: Listener): Promise<Service> {
  const groups =
    listener.pid === undefined ? '' : await readFile(`/proc/${listener.pid}/cgroup`, 'utf8').catch(() => '')
  const [, unit] = /\/([^/\n]+\.service)(?:\/[^\n]*)?$/m.exec(groups) ?? []
  return { ...listener, unit }
}
