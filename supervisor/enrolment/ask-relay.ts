/** Sends the request of a new board over a connection that is logged in with the enrolment key. */
import { ENROL_ANSWERS, ENROL_COMMAND, type EnrolAnswer } from '../../formats/enrolment.ts'
import { settled, within } from '../../runtime/waiting.ts'
import type { Connection } from '../ssh/connection.ts'
import { readLines } from '../tunnel/read-lines.ts'

/** Milliseconds for a request of 8 KiB over a modem, at a relay that is busy with other boards. */
const ANSWER_MS = 60_000
/** Lines before the answer that the login's shell may print from its start-up files. */
const NOISE_MAX = 64

/** With which oobm-enrol-command ends where too many boards ask at once (EX_TEMPFAIL of sysexits.h). */
const ASK_AGAIN = 75

/** @returns undefined when the relay gives none of the answers */
export async function askRelay(
  connection: Connection,
  request: string,
  signal: AbortSignal,
): Promise<EnrolAnswer | 'busy' | undefined> {
  const outcome = await within(ANSWER_MS, [signal, connection.closed], async deadline => {
    const started = await connection.exec(ENROL_COMMAND, deadline)
    if (!started.ok) return undefined
    const { stream, exited } = started.value
    stream.on('error', () => {})
    stream.end(request)
    const lines = readLines(stream)
    for (let noise = 0; noise < NOISE_MAX; noise++) {
      const line = await lines.next(deadline)
      if (line === undefined) {
        const code = await settled<number | undefined>(deadline, undefined, settle => void exited.then(settle))
        return code === ASK_AGAIN ? 'busy' : undefined
      }
      const answer = ENROL_ANSWERS.find(one => one === line)
      if (answer !== undefined) return answer
    }
    return undefined
  })
  return outcome.kind === 'done' ? outcome.value : undefined
}
