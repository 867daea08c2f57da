/** Reads, as root on the relay, the facts by which its sshd decides about a login. */
import { constants, existsSync } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import type { Relay } from '../../fleet/fleet-config.ts'
import { askTool } from '../../relay/apply/run-tool.ts'
import type { LoginFacts } from './why-refused.ts'

const DAY_MS = 86_400_000

/**
 * @param publicKey type and base64
 * @returns undefined if this is not root on the relay, who alone can see them
 */
export async function lookHere({ host, port, user }: Relay, publicKey: string): Promise<LoginFacts | undefined> {
  if (process.getuid?.() !== 0 || !isOwnAddress(host)) return undefined
  const sshd = await listeningSshd(port)
  if (sshd === undefined) return undefined
  const asked = await askTool(sshd.program, ['-T', '-f', sshd.config, '-C', `user=${user},host=h,addr=192.0.2.1`])
  if (asked.code !== 0) return undefined
  const settings = settingsIn(asked.stdout)
  const [, , , , , home = '/', shell = ''] = (await askTool('getent', ['passwd', user])).stdout.trim().split(':')
  const [, password = '', , , , , , expiry = ''] = (await askTool('getent', ['shadow', user])).stdout.trim().split(':')
  const groups = (await askTool('id', ['-Gn', user])).stdout.trim().split(' ')
  const installed = join(home, '.ssh/authorized_keys')
  const isStrict = settings.get('strictmodes') !== 'no'
  const keyFiles = (settings.get('authorizedkeysfile') ?? '')
    .split(' ')
    .filter(path => path !== '' && path !== 'none')
    .map(path => path.replaceAll('%h', home).replaceAll('%u', user).replaceAll('%%', '%'))
    .map(path => (path.startsWith('/') ? path : join(home, path)))
  return {
    user,
    account: shell === '' ? undefined : { shell, isShellThere: await isExecutable(shell), groups },
    isLocked: /^(!|\*LK\*)/.test(password),
    isExpired: expiry !== '' && Number(expiry) * DAY_MS < Date.now(),
    isClosed: existsSync('/etc/nologin'),
    settings,
    keyFiles: await Promise.all(
      keyFiles.map(async path => ({
        path,
        problem: await problemOf(path, publicKey, isStrict ? home : undefined, user),
      })),
    ),
    installed,
    isInstalled: (await problemOf(installed, publicKey, undefined, user)) === undefined,
  }
}

function isOwnAddress(host: string): boolean {
  if (host === 'localhost' || /^127\./.test(host) || host === '::1') return true
  const own = Object.values(networkInterfaces()).flatMap(list => list?.map(({ address }) => address) ?? [])
  return isIP(host) !== 0 && own.includes(host)
}

/** The sshd that listens on a port, by the title of its process: `sshd: /usr/sbin/sshd -f FILE [listener] …`. */
async function listeningSshd(port: number): Promise<{ program: string; config: string } | undefined> {
  const { stdout } = await askTool('ss', ['-Hltnp', `sport = :${port}`]).catch(() => ({ stdout: '' }))
  const pid = /"sshd",pid=(\d+)/.exec(stdout)?.[1]
  if (pid === undefined) return undefined
  const title = (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' ')
  const program = /\/\S*sshd(?= )/.exec(title)?.[0] ?? '/usr/sbin/sshd'
  return { program, config: /(?<= -f ?)\/\S+/.exec(title)?.[0] ?? '/etc/ssh/sshd_config' }
}

/** Setting → value; all values of a setting that appears several times. */
function settingsIn(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [name = '', ...values] = line.split(' ')
    const before = settings.get(name)
    settings.set(name, [...(before === undefined ? [] : [before]), ...values].join(' '))
  }
  return settings
}

/** @param home the folder up to which StrictModes checks permissions; no check when left out */
async function problemOf(path: string, publicKey: string, home: string | undefined, user: string) {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return 'is not there'
  if (!text.includes(publicKey.split(' ')[1] ?? publicKey)) return 'does not have the key'
  if (home === undefined) return undefined
  const uid = Number((await askTool('id', ['-u', user])).stdout)
  for (let place = path; ; place = dirname(place)) {
    const { mode, uid: owner } = await stat(place)
    if ((mode & 0o022) !== 0) return `is ignored: ${place} is writable for others ("chmod go-w ${place}")`
    if (owner !== 0 && owner !== uid) return `is ignored: ${place} is not ${user}'s ("chown ${user} ${place}")`
    if (place === home || place === '/') return undefined
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
