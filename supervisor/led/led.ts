/** The status LED: finds what the configuration asks for, says what it found, and plays states on it. */

import type { LedConfig } from '../../formats/device-config.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { findFile } from './file.ts'
import { findGpio } from './gpio.ts'
import { findGpioset } from './gpioset.ts'
import { findActivityLed, findKernelLed } from './kernel.ts'
import type { Candidate, LedBackend, Usable } from './led-backend.ts'
import { leaveLedOff } from './led-off.ts'
import { pinsOf } from './led-pins.ts'
import { type Led, playLed } from './player.ts'

export type { Led } from './player.ts'

const NONE: LedBackend = { description: 'no LED', flashes: false, off: [], draw() {}, close() {} }

export interface LedOptions {
  clock?: Clock
  /** Where to leave what makes the LED dark should this process be killed; systemd's `RuntimeDirectory=`. */
  runtimeDirectory?: string | undefined
}

/**
 * Takes the LED and plays on it. One that is missing or broken is logged, and is never a reason to stop: what it
 * would show is in the status too.
 */
export async function openLed(
  config: LedConfig,
  log: Logger,
  { clock = systemClock, runtimeDirectory = process.env.RUNTIME_DIRECTORY }: LedOptions = {},
): Promise<Led> {
  const { backend, problems } = await takeLed(config)
  const asked = config.backend
  if (backend === NONE && asked !== 'auto' && asked !== 'none')
    log.warn({ asked, problems }, 'the configured LED does not exist')
  else log.info({ led: backend.description, asked, passedOver: problems }, 'LED found')
  if (runtimeDirectory === undefined) return playLed(backend, clock, log)
  const withdraw = await leaveLedOff(runtimeDirectory, backend.off).catch(err => {
    log.warn({ err }, 'the LED will not be switched off if this process is killed')
    return async () => {}
  })
  const close = async () => {
    await backend.close()
    // Not before: systemd restores what could not be restored here.
    await withdraw()
  }
  return playLed({ ...backend, close }, clock, log)
}

/**
 * Switches the LED off, whatever a process that ended left on it.
 * @returns what was made dark
 * @throws a system error when the LED is there and does not obey
 */
export async function darkenLed(config: LedConfig): Promise<string> {
  const { backend } = await takeLed(config)
  await backend.close()
  return backend.description
}

/** What the configuration asks for, in order of preference, without taking any of it. */
export function ledCandidates(config: LedConfig): Candidate[] {
  switch (config.backend) {
    case 'auto':
      return [pinOf(config), findKernelLed(config.led), ...(config.act ? [findActivityLed()] : [])]
    case 'gpio':
      return [pinOf(config)]
    case 'kernel':
      return [findKernelLed(config.led)]
    case 'file':
      return [config.path === undefined ? { problem: 'led.path is missing', denied: false } : findFile(config.path)]
    case 'none':
      return []
  }
}

/** The pins, and beside them the board's own LED: that one shows the state without soldering. */
function pinOf(config: LedConfig): Candidate {
  const pins = pinsOf(config)
  const bySysfs = findGpio(pins)
  const own = 'problem' in bySysfs ? orElse(findGpioset(pins), bySysfs) : bySysfs
  if ('problem' in own || !config.act) return own
  return beside(own, findActivityLed())
}

function orElse(second: Candidate, first: { problem: string; denied: boolean }): Candidate {
  if (!('problem' in second)) return second
  return { problem: `${first.problem}; ${second.problem}`, denied: first.denied || second.denied }
}

/** Two LEDs as one. The second is optional: without it, the first one is used alone. */
export function beside(first: Usable, second: Candidate): Usable {
  if ('problem' in second) return { ...first, description: `${first.description}; ${second.problem}` }
  const description = `${first.description} and ${second.description}`
  return {
    description,
    open: async () => {
      const backends = [await first.open()]
      try {
        backends.push(await second.open())
      } catch (err) {
        return { ...(backends[0] as LedBackend), description: `${first.description}; ${errorMessage(err)}` }
      }
      // Each is driven, even if the other fails; a failure is reported.
      const each = async (effect: (backend: LedBackend) => void | Promise<void>) => {
        const results = await Promise.allSettled(backends.map(async backend => effect(backend)))
        for (const result of results) if (result.status === 'rejected') throw result.reason
      }
      return {
        description,
        flashes: true,
        off: backends.flatMap(backend => backend.off),
        draw: (state, lit) => each(backend => backend.draw(state, lit)),
        close: () => each(backend => backend.close()),
      }
    },
  }
}

async function takeLed(config: LedConfig): Promise<{ backend: LedBackend; problems: string[] }> {
  const problems: string[] = []
  for (const candidate of ledCandidates(config)) {
    if ('problem' in candidate) {
      problems.push(candidate.problem)
      continue
    }
    try {
      return { backend: await candidate.open(), problems }
    } catch (err) {
      problems.push(`${candidate.description}: ${errorMessage(err)}`)
    }
  }
  return { backend: NONE, problems }
}
