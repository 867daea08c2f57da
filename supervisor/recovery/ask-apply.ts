/** Hands a request to `oobm-apply`, which decides by itself, and reads what became of it. */
import { join } from 'node:path'
import { requestAnswersPath, settingsSpool } from '../../formats/directories.ts'
import {
  INTERRUPTED,
  type RecoveryRequest,
  type RequestAnswer,
  readRequestAnswers,
  requestText,
} from '../../formats/recovery-request.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

export interface RecoveryDesk {
  /** @throws a system error where there is no oobm-apply */
  ask(request: RecoveryRequest): Promise<void>
  /** The answer to the last request of this kind; undefined while there is none. */
  answer(request: RecoveryRequest): Promise<RequestAnswer | undefined>
}

export function applyDesk(env: NodeJS.ProcessEnv): RecoveryDesk {
  const askedMs = new Map<string, number>()
  return {
    ask: async request => {
      askedMs.set(requestText(request), heartbeatNow().uptimeMs)
      // One that waits does not lose its place to another kind.
      const name = request.step.startsWith('hotspot') ? 'hotspot.request' : 'supervisor.request'
      await writeAtomically(join(settingsSpool(env), name), `${requestText(request)}\n`, 0o600)
    },
    answer: async request => {
      const answer = (await readRequestAnswers(requestAnswersPath(env)))?.answers[request.step]
      const { bootId } = heartbeatNow()
      // It is at it.
      if (answer?.detail === INTERRUPTED) return undefined
      const isOurs = answer?.request === requestText(request) && answer.at.bootId === bootId
      return isOurs && answer.at.uptimeMs >= (askedMs.get(requestText(request)) ?? 0) ? answer : undefined
    },
  }
}
