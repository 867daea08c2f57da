/** Who runs this program: the person behind sudo and su, where they came from, and with which key, as far as this host knows. */
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { fingerprint } from '../../formats/ssh-key.ts'
import { readProcessStat } from '../../runtime/process-stat.ts'

export interface Invoker {
  /** A login of this host. */
  by: string
  /** The address of their ssh connection. */
  address?: string
  /** `SHA256:…` of the key that they logged in with; sshd tells it where ExposeAuthInfo is set. */
  key?: string
}

/** How many processes above this one are looked at: a shell, sudo and su, those of the terminal. */
const ANCESTORS_MAX = 20

/** Names the person behind sudo. */
export function invoker(env: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0 && env.SUDO_USER) return env.SUDO_USER
  try {
    return userInfo().username
  } catch {
    // A uid without an account, as in containers.
    return `uid ${process.getuid?.()}`
  }
}

/** sudo removes the variables of the login; the processes above it still have them. */
export async function whoRuns(): Promise<Invoker> {
  const found: Invoker = { by: invoker() }
  let pid = process.pid
  for (let step = 0; step < ANCESTORS_MAX && pid > 1; step++) {
    const env = await environmentOf(pid)
    if (found.by === 'root' && env.SUDO_USER) found.by = env.SUDO_USER
    const [address] = env.SSH_CONNECTION?.split(' ') ?? []
    if (address) return { ...found, address, ...(await keyOf(env.SSH_USER_AUTH)) }
    pid = (await readProcessStat(pid))?.parent ?? 0
  }
  return found
}

/** proc_pid_environ(5): only root can read that of another user. */
async function environmentOf(pid: number): Promise<NodeJS.ProcessEnv> {
  if (pid === process.pid) return process.env
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return Object.fromEntries(
    text.split('\0').map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

/** `publickey ssh-ed25519 AAAA…`, one line for each method (sshd_config(5), ExposeAuthInfo). */
async function keyOf(file: string | undefined): Promise<{ key?: string }> {
  if (file === undefined) return {}
  const blob = /^publickey \S+ ([A-Za-z0-9+/=]+)/m.exec(await readFile(file, 'utf8').catch(() => ''))?.[1]
  if (blob === undefined) return {}
  return { key: fingerprint(Buffer.from(blob, 'base64')) }
}
