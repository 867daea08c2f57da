/** Asks `ss` when each connection of this relay last received data. */
import { execFile } from 'node:child_process'
import { errorCode } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { parseSs, type Received, SS_ARGS } from './received.ts'

/** Milliseconds for its answer. */
const LIMIT_MS = 5_000
/** Bytes of its answer: 500 for a connection. */
const ANSWER_MAX = 64 << 20
/** Not everybody has sbin in their path. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** @returns the times; or `unknown` with the reason, as a part of a sentence */
export function askSs(signal: AbortSignal, path = PATH): Promise<Received | { unknown: string }> {
  const env = { PATH: path, LC_ALL: 'C' }
  const options = { env, signal, timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: ANSWER_MAX } as const
  return new Promise(resolve => {
    execFile('ss', SS_ARGS, options, (err, stdout, stderr) => {
      if (err === null) resolve(parseSs(stdout))
      else if (errorCode(err) === 'ENOENT') resolve({ unknown: 'this relay has no ss: install iproute2' })
      else if (err.killed) resolve({ unknown: `ss did not answer within ${LIMIT_MS / 1000} s` })
      else resolve({ unknown: `ss failed: ${printable(stderr.trim().split('\n').at(-1) ?? '', 100) || err.code}` })
    })
  })
}
