/** A button at a pin: its presses on the LED, what they bring about, and what people are told of it. */
import { connect } from 'node:net'
import { type ButtonConfig, type Deed, PRESS_PACE_MS, STUCK_MS } from '../../formats/button.ts'
import { speechSocketPath } from '../../formats/speech-request.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { headerChip } from '../../runtime/gpio-header.ts'
import type { Logger } from '../../runtime/log.ts'
import { OVER, settled, whenAborted, within } from '../../runtime/waiting.ts'
import type { Led } from '../led/led.ts'
import { after, type Button, FIRST, shownOf } from './press.ts'
import { watchButton } from './watch-button.ts'

/** Milliseconds for the voice to take a request; when it speaks is its own affair. */
const ASK_MS = 2_000
/** Milliseconds after which nobody waits for the end of an announcement any more. */
const SPEAK_MS = 60_000
/** Milliseconds for which the LED says that a short press was felt. */
const FELT_MS = 1_000

export type ButtonStatus = NonNullable<SupervisorStatus['button']>

export interface ButtonEffects {
  led: Pick<Led, 'show'>
  /** Asks for a self-test. */
  test(): void
  /** Asks for the hotspot. @returns what becomes of that */
  hotspot(): string
  /** @returns what is used from now on, or why nothing changes; the supervisor then starts anew */
  swapConfiguration(): Promise<string>
  /** For the status file. */
  report(status: ButtonStatus): void
  /** For the history at the relay. */
  tell(detail: string): void
}

export interface ButtonOptions {
  clock: Clock
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  log: Logger
  find?: typeof headerChip
}

export async function serveButton(
  config: ButtonConfig,
  effects: ButtonEffects,
  { clock, env, signal, log, find = headerChip }: ButtonOptions,
): Promise<void> {
  const { led, report, tell } = effects
  let button: Button = FIRST
  let status: ButtonStatus = { pin: config.pin, problem: 'it is not watched yet', last: null }
  let doneMs = Number.NEGATIVE_INFINITY
  let isBusy = false
  let timer: NodeJS.Timeout | undefined
  const say = (more: Partial<ButtonStatus>) => {
    status = { ...status, ...more }
    report(status)
  }
  /** In the clock of the kernel's edges, CLOCK_MONOTONIC. */
  const kernelMs = () => Number(process.hrtime.bigint()) / 1e6
  const show = () => {
    clearTimeout(timer)
    const { shown, changesInMs } = shownOf(button, kernelMs())
    if (shown !== undefined && changesInMs !== undefined) led.show(shown, changesInMs)
    if (changesInMs !== undefined) timer = setTimeout(show, changesInMs)
  }
  const become = (next: Button, feltMs = 0) => {
    button = next
    // Ends what was shown of the press before.
    led.show('pressed', feltMs)
    show()
  }
  const act = async (deed: Deed | 'stuck') => {
    const nowMs = clock.nowMs()
    if (deed === 'stuck') {
      const cause = `it was down for more than ${STUCK_MS / 1000} s`
      return log.warn({ cause }, 'the button was stuck: nothing is done')
    }
    if (isBusy || nowMs - doneMs < PRESS_PACE_MS)
      return log.info({ deed }, 'the button was pressed again too soon: nothing is done')
    isBusy = true
    try {
      const outcome = await perform(deed, effects, env, signal)
      log.info({ deed, outcome }, 'the button was pressed')
      say({ last: { at: nowMs, outcome } })
      tell(outcome)
    } catch (err) {
      log.error({ deed, err }, 'the button was pressed, and that failed')
      say({ last: { at: nowMs, outcome: `${deed}: ${errorMessage(err)}` } })
    } finally {
      doneMs = clock.nowMs()
      isBusy = false
    }
  }
  report(status)
  try {
    await watchButton(
      config,
      {
        watched: where => {
          become(FIRST)
          log.info({ where }, 'the button is watched')
          say({ problem: null })
        },
        edge: edge => {
          const { button: next, deed } = after(button, edge)
          become(next, deed === undefined || deed === 'stuck' ? 0 : FELT_MS)
          if (deed !== undefined) void act(deed)
        },
        failed: cause => {
          become(FIRST)
          log.warn({ cause }, 'the button cannot be watched; it is tried again')
          say({ problem: cause })
        },
      },
      { clock, signal, find },
    )
  } finally {
    clearTimeout(timer)
  }
}

/** @returns what was done, as a sentence without its end */
async function perform(
  deed: Deed,
  { test, hotspot, swapConfiguration }: ButtonEffects,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  switch (deed) {
    case 'test':
      test()
      return `a short press: tests the way in${await speak(env, signal)}`
    case 'hotspot':
      return `held for some seconds: ${hotspot()}`
    case 'last-good':
      return `a long press, confirmed: ${await swapConfiguration()}`
    default:
      return deed satisfies never
  }
}

/** Asks for what `oobm say` asks; nobody waits until it is spoken. @returns the end of a sentence */
async function speak(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const outcome = await within(ASK_MS, [signal], over =>
    settled<string | undefined>(over, undefined, settle => {
      const socket = connect(speechSocketPath(env))
      // Its answer comes when it has spoken; a connection that is closed before asks for nothing.
      socket.resume().unref()
      socket.setTimeout(SPEAK_MS, () => socket.destroy())
      const closed = new AbortController()
      socket.once('close', () => closed.abort(OVER))
      void whenAborted(signal, closed.signal).then(() => socket.destroy())
      socket.once('connect', () => settle('connected'))
      socket.on('error', err => settle(errorCode(err)))
    }),
  )
  const answer = outcome.kind === 'done' ? outcome.value : undefined
  if (answer === 'connected') return ', and speaks the state'
  // The usual case: a device without a voice.
  return answer === 'ENOENT' || answer === 'ECONNREFUSED' ? '' : ', and the voice does not answer'
}
