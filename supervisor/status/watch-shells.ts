/** Sessions in this device's shells, as `record-login` records them, for the relay's history: each one when it has ended. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ShellSession, shellSessions } from '../../formats/login-history.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'

export type EndedShell = ShellSession & { closedAt: number }

/** Milliseconds between two looks at the file's size. */
const POLL_MS = 5_000
/** Milliseconds before the first look: sessions that ended then are reported again, because nobody knows whether they were. */
const AGAIN_MS = 3_600_000

/** Looks until the signal is aborted. Without a readable history there is nothing to report. */
export async function watchShells(
  directory: string,
  onEnded: (session: EndedShell) => void,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const file = join(directory, 'logins.jsonl')
  const told = new Set<number>()
  let version = ''
  const sinceMs = clock.wallMs() - AGAIN_MS
  while (!signal.aborted) {
    const now = await stat(file).then(
      ({ ino, size }) => `${ino} ${size}`,
      () => '',
    )
    if (now !== version) {
      version = now
      const ended = (await endedShells([join(directory, 'logins.1.jsonl'), file])).filter(
        ({ openedAt, closedAt }) => closedAt >= sinceMs && !told.has(openedAt),
      )
      for (const session of ended) {
        told.add(session.openedAt)
        onEnded(session)
      }
    }
    await clock.sleep(POLL_MS, signal)
  }
}

async function endedShells(files: readonly string[]): Promise<EndedShell[]> {
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))
  const sessions = shellSessions(texts.join('\n'), { boot: '', isRunning: () => false })
  return sessions.flatMap(session => (session.closedAt === null ? [] : [{ ...session, closedAt: session.closedAt }]))
}
