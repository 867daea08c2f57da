/** The loop of `oobm-say`: follows the supervisor's status file, and speaks the newest situation once and to its end. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceConfigPath, directoriesOf, kernelFolders, languagePath } from '../../formats/directories.ts'
import { languageOf } from '../../formats/languages.ts'
import { type SpeechAnswer, speechSocketPath } from '../../formats/speech-request.ts'
import type { Clock } from '../../runtime/clock.ts'
import { EXIT, errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import { configOf } from '../adapters/list-adapters.ts'
import { Lookout } from './look-at-situation.ts'
import { makeSound, textOf } from './make-sound.ts'
import { mayTell, recent } from './pace.ts'
import { serveRequests } from './requests.ts'
import { runVoice } from './run-voice.ts'
import { findSoundCard } from './sound-card.ts'
import { lengthMs, scaled, writeWav } from './wav.ts'
import { type Part, type Situation, whatToSay } from './what-to-say.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 1_000
/** Milliseconds after the end of the sound at which a sound card that hangs is given up. */
const PLAY_SLACK_MS = 10_000

export interface SpeechOptions {
  env: NodeJS.ProcessEnv
  clock: Clock
  log: Pick<Logger, 'info' | 'warn'>
  signal: AbortSignal
}

/** @returns when it was switched off, when the last sound card is gone, or when it was aborted */
export async function runSpeech({ env, clock, log, signal }: SpeechOptions): Promise<number> {
  const settings = new Settings(env)
  if (!(await settings.now()).enabled) {
    log.info('the voice is switched off: [speech] enabled = true switches it on')
    return EXIT.ok
  }
  let wake = controllerUnder(signal)
  const requests = await serveRequests(speechSocketPath(env), () => wake.abort(OVER))
  const lookout = new Lookout({ ...env, RUNTIME_DIRECTORY: env.OOBM_RUNTIME_DIRECTORY }, signal)
  let told: Situation | undefined
  let ends: number[] = []
  let candidate: { situation: Situation; sinceMs: number } | undefined
  try {
    while (!signal.aborted) {
      const speech = await settings.now()
      const card = await findSoundCard(kernelFolders(env).sysfs)
      if (!speech.enabled || card === undefined) {
        log.info({ card }, speech.enabled ? 'there is no sound card any more' : 'the voice was switched off')
        return EXIT.ok
      }
      const situation = await lookout.look()
      const nowMs = clock.nowMs()
      if (JSON.stringify(candidate?.situation) !== JSON.stringify(situation)) candidate = { situation, sinceMs: nowMs }
      const language = languageOf(await readFile(languagePath(env), 'utf8').catch(() => ''))
      const isAsked = requests.count > 0
      const parts = whatToSay(isAsked ? undefined : told, situation, language)
      ends = recent(ends, nowMs)
      if (isAsked || (parts.length > 0 && mayTell(situation.state, candidate?.sinceMs ?? nowMs, ends, nowMs))) {
        const answer = await speak(parts, { ...speech, card, language, env, signal })
        if (signal.aborted) break
        requests.answer(answer)
        // What was asked for takes nothing from the number of those that come by themselves.
        if (!isAsked) ends.push(clock.nowMs())
        if (answer.result === 'spoken') told = situation
        const { state } = situation
        if (answer.result === 'spoken') log.info({ state, ...answer }, 'spoken')
        else log.warn({ state, cause: answer.cause }, 'could not speak')
        continue
      }
      await clock.sleep(LOOK_MS, wake.signal)
      if (!wake.signal.aborted) continue
      wake.release()
      wake = controllerUnder(signal)
    }
    return EXIT.ok
  } finally {
    wake.release()
    await requests.close()
  }
}

interface SpeakOptions {
  volume: number
  card: string
  language: 'en' | 'ja'
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

async function speak(parts: Part[], { volume, card, language, env, signal }: SpeakOptions): Promise<SpeechAnswer> {
  const scratch = directoriesOf('oobm-say', env).runtime
  const file = join(scratch, 'announcement.wav')
  try {
    const { sound, engine } = await makeSound(parts, {
      ...{ language, scratch, signal, root: env.OOBM_ROOT ?? '/' },
      recordings: env.OOBM_RECORDINGS ?? '/usr/share/oobm/speech',
    })
    const ms = lengthMs(sound)
    await writeFile(file, writeWav(scaled(sound, volume)))
    await runVoice('aplay', ['-q', '-D', card, file], ms + PLAY_SLACK_MS, signal)
    return { result: 'spoken', text: textOf(parts, language), card, engine, seconds: ms / 1_000 }
  } catch (err) {
    return { result: 'failed', cause: errorMessage(err) }
  } finally {
    await rm(file, { force: true })
  }
}

/** `[speech]`, read again whenever the file is another; without one that can be read, the voice is off. */
class Settings {
  readonly #env: NodeJS.ProcessEnv
  #stamp = ''
  #speech = { enabled: false, volume: 0 }

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  async now(): Promise<{ enabled: boolean; volume: number }> {
    const { mtimeMs, ino } = await stat(deviceConfigPath(this.#env)).catch(() => ({ mtimeMs: 0, ino: 0 }))
    const stamp = `${mtimeMs} ${ino}`
    if (stamp !== this.#stamp) this.#speech = (await configOf(this.#env))?.speech ?? { enabled: false, volume: 0 }
    this.#stamp = stamp
    return this.#speech
  }
}
