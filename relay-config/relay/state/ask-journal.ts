/** Asks the journal which connections HAProxy has brought to sshd. */
import { execFile } from 'node:child_process'
import { errorCode } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { TLS_UNIT } from '../dedicated/tls-units.ts'
import { parseSources, type Sources } from './sources.ts'

/** Milliseconds for its answer: 100,000 lines take some seconds on a small machine. */
const LIMIT_MS = 30_000
/** Bytes of its answer: 90 for a connection. */
const ANSWER_MAX = 256 << 20

const ARGS = ['--unit', TLS_UNIT, '--output', 'short-unix', '--no-hostname', '--no-pager', '--quiet']

/** @returns the sources; or `unknown` with the reason, as a part of a sentence */
export function askJournal(signal: AbortSignal): Promise<Sources | { unknown: string }> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
  const options = { env, signal, timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: ANSWER_MAX } as const
  return new Promise(resolve => {
    execFile('journalctl', ARGS, options, (err, stdout, stderr) => {
      // For a user who may not read it, journalctl shows nothing, and says so.
      if (process.getuid?.() !== 0 && stdout === '') resolve({ unknown: 'only root may read the journal' })
      else if (err === null) resolve(parseSources(stdout))
      else if (errorCode(err) === 'ENOENT') resolve({ unknown: 'this relay has no journalctl' })
      else if (err.killed) resolve({ unknown: `journalctl did not answer within ${LIMIT_MS / 1000} s` })
      else resolve({ unknown: `journalctl failed: ${printable(stderr.trim().split('\n').at(-1) ?? '', 100)}` })
    })
  })
}
