/** Who is logged in to this device, and what must not be interrupted, by its processes: nobody has to be believed for that. */
import { readdir, readFile } from 'node:fs/promises'
import { readProcessStat } from '../../runtime/process-stat.ts'

export interface Process {
  pid: number
  parent: number
  /** At most 15 characters. */
  name: string
  /** The real one. */
  uid: number
  /** As it calls itself, or its arguments with a space between them. */
  title: string
}

/** What changes the system's files, or a system generation. */
const CHANGERS = new Set(['dpkg', 'apt', 'apt-get', 'make-generation', 'unattended-upgr'])

/** All of this machine; those that end meanwhile are left out. */
export async function processesIn(folder: string): Promise<Process[]> {
  const found: Process[] = []
  for (const name of await readdir(folder)) {
    if (!/^\d+$/.test(name)) continue
    const [stat, status, command] = await Promise.all([
      readProcessStat(name),
      readFile(`${folder}/${name}/status`, 'latin1').catch(() => ''),
      readFile(`${folder}/${name}/cmdline`, 'latin1').catch(() => ''),
    ])
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN)
    if (stat === undefined || Number.isNaN(uid)) continue
    const title = command.replace(/\0+$/, '').replaceAll('\0', ' ')
    found.push({ pid: Number(name), parent: stat.parent, name: stat.name, uid, title })
  }
  return found
}

/**
 * sshd's process for each login calls itself `sshd: NAME [priv]`, or `sshd: NAME@TERMINAL` where NAME is root; from 9.8 on it is
 * sshd-session. One that has not logged in yet counts too. On a terminal of the board, login(1) has a child.
 * @param selftest the account that proves the way in, which is nobody
 */
export function loggedIn(processes: readonly Process[], selftest: string): string[] {
  const names = processes.flatMap(({ pid, uid, name, title }) => {
    if (name === 'login' && uid === 0 && processes.some(({ parent }) => parent === pid))
      return ['on a terminal of the board']
    const [, person] = /^sshd(?:-session)?: (\S+?)(?: \[priv\]|@\S+)/.exec(title) ?? []
    if (uid !== 0 || person === undefined || person === selftest || person === 'unknown') return []
    return [`${person} by ssh`]
  })
  return [...new Set(names)]
}

/** @returns the name of a program of root that changes the system */
export function changingProgram(processes: readonly Process[]): string | undefined {
  return processes.find(({ uid, name }) => uid === 0 && CHANGERS.has(name))?.name
}
