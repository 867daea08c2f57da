/** `oobm doctor` on the network logins that `oobm provision` has set up: Wi-Fi, and 802.1X on a cable. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import spawn from 'nano-spawn'
import { provisioningDirectory } from '../../formats/directories.ts'
import { type Check, type Finding, skipped, wrong } from './finding.ts'
import { describeLogin } from './network-login.ts'

/** The newest lines: many times what one attempt logs. */
const LINES = 500

/** None if no network needs a login. */
export function loginChecks(env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: 'network login',
      run: async (report, signal) => {
        const files = await readdir(provisioningDirectory(env)).catch(() => [])
        for (const file of files.sort()) {
          const [, name] = /^wpa_supplicant-(.+)\.conf$/.exec(file) ?? []
          if (name !== undefined) report(await checkLogin(name, signal))
        }
      },
    },
  ]
}

async function checkLogin(name: string, signal: AbortSignal): Promise<Finding> {
  const what = `network login ${name}`
  if (!existsSync(`/sys/class/net/${name}`))
    return wrong(what, `there is no interface ${name}`, 'ip link lists the interfaces; correct the name in oobm.toml')
  const unit = `oobm-wpa@${name}.service`
  const args = ['-q', '-b', '-o', 'cat', '-n', String(LINES), '-u', unit]
  const { stdout } = await spawn('journalctl', args, { signal }).catch(() => ({ stdout: '' }))
  if (stdout === '')
    return skipped(
      what,
      'its journal is empty, or this user cannot read it',
      `sudo oobm doctor; systemctl status ${unit}`,
    )
  return describeLogin(name, stdout.split('\n'))
}
