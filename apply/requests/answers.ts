/** Keeps what became of requests in this boot, and counts reboots on the disk. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { requestAnswersPath, settingsRecordPath } from '../../formats/directories.ts'
import {
  NO_REBOOTS,
  type Reboots,
  type RequestAnswer,
  type RequestAnswers,
  type RequestStep,
  readReboots,
  readRequestAnswers,
} from '../../formats/recovery-request.ts'
import type { Heartbeat } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

export class Answers {
  readonly #answersPath: string
  readonly #rebootsPath: string
  #answers: RequestAnswers['answers']

  private constructor(env: NodeJS.ProcessEnv, answers: RequestAnswers['answers']) {
    this.#answersPath = requestAnswersPath(env)
    this.#rebootsPath = rebootsPath(env)
    this.#answers = answers
  }

  static async open(env: NodeJS.ProcessEnv): Promise<Answers> {
    return new Answers(env, (await readRequestAnswers(requestAnswersPath(env)))?.answers ?? {})
  }

  last(step: RequestStep): RequestAnswer | undefined {
    return this.#answers[step]
  }

  async keep(step: RequestStep, answer: Omit<RequestAnswer, 'tried'>, tried?: Heartbeat): Promise<void> {
    const when = tried ?? this.#answers[step]?.tried
    this.#answers = { ...this.#answers, [step]: { ...answer, ...(when !== undefined && { tried: when }) } }
    await writeAtomically(this.#answersPath, `${JSON.stringify({ version: 1, answers: this.#answers })}\n`, 0o644)
  }

  /** One that cannot be read counts as a reboot at the start of this boot: the next one waits. */
  async reboots(now: Heartbeat): Promise<Reboots> {
    const damaged: Reboots = { version: 1, count: 0, last: { at: { ...now, uptimeMs: 0 }, wallMs: 0 } }
    try {
      return (await readReboots(this.#rebootsPath)) ?? (existsSync(this.#rebootsPath) ? damaged : NO_REBOOTS)
    } catch {
      return damaged
    }
  }

  /** On the disk before the reboot, with fsync(2): one that was not counted could be the first of many. @throws a system error */
  async countReboot({ count }: Reboots, at: Heartbeat, wallMs: number): Promise<void> {
    const reboots: Reboots = { version: 1, count: count + 1, last: { at, wallMs } }
    await writeAtomically(this.#rebootsPath, `${JSON.stringify(reboots)}\n`, 0o644)
  }
}

export function rebootsPath(env: NodeJS.ProcessEnv): string {
  return join(dirname(settingsRecordPath(env)), 'reboots.json')
}
