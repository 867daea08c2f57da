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
        for (const name of await interfacesWithLogin(env)) report(await checkLogin(name, signal))
      },
    },
  ]
}

/** Why the network logins fail that fail, one sentence each. Never rejects. */
export async function failedLogins(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string[]> {
  // oobm-apply has a network of its own, and sees no interface.
  const checked = (await interfacesWithLogin(env)).map(name => readLogin(name, signal))
  const failed = (await Promise.all(checked)).filter(({ result }) => result === 'wrong')
  return failed.map(({ what, detail }) => `${what}: ${detail}`)
}

async function interfacesWithLogin(env: NodeJS.ProcessEnv): Promise<string[]> {
  const files = await readdir(provisioningDirectory(env)).catch(() => [])
  return files.sort().flatMap(file => /^wpa_supplicant-(.+)\.conf$/.exec(file)?.[1] ?? [])
}

async function checkLogin(name: string, signal: AbortSignal): Promise<Finding> {
  if (!existsSync(`/sys/class/net/${name}`))
    return wrong(
      `network login ${name}`,
      `there is no interface ${name}`,
      'ip link lists the interfaces; correct the name in oobm.toml',
    )
  return readLogin(name, signal)
}

async function readLogin(name: string, signal: AbortSignal): Promise<Finding> {
  const what = `network login ${name}`
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
