/**
 * An LED on pins of the header by the character device, for kernels without /sys/class/gpio: gpioset (libgpiod 2) plays the
 * pattern of a state until the next one comes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { headerChip } from '../../runtime/gpio-header.ts'
import { gpiodProblem } from '../../runtime/gpiod.ts'
import { within } from '../../runtime/waiting.ts'
import type { Candidate, LedBackend } from './led-backend.ts'
import { type LedPins, lightsOf } from './led-pins.ts'
import { patternOf, type Shown } from './pattern.ts'

/** Milliseconds for gpioset to end and give its lines back. */
const END_MS = 2_000
/** Milliseconds within which one that cannot have its lines says so. */
const REFUSAL_MS = 200

export function findGpioset(led: LedPins): Candidate {
  const found = headerChip()
  if ('problem' in found) return found
  const { chip, controller } = found
  const description = `${led.pins.map(pin => `GPIO${pin}`).join(', ')} (${chip} of ${controller})`
  return {
    description,
    open: async () => {
      const problem = await gpiodProblem()
      if (problem !== undefined) throw new Error(problem)
      return openGpioset(description, chip, led)
    },
  }
}

function openGpioset(description: string, chip: string, { pins, activeLow }: LedPins): LedBackend {
  const [lit, dark] = activeLow ? [0, 1] : [1, 0]
  let playing: ChildProcess | undefined
  let shown: Shown | undefined
  const start = async (args: string[]) => {
    const child = spawn('gpioset', ['--chip', chip, '--consumer', 'oobm-led', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    playing = child
    child.on('error', () => {})
    let said = ''
    child.stderr?.on('data', data => {
      said = `${said}${data}`.slice(-300)
    })
    // `exit` waits for no pipe.
    const ended = once(child, 'exit').then(([code]) => Number(code ?? -1))
    const outcome = await within(REFUSAL_MS, [], () => ended)
    if (outcome.kind === 'done' && outcome.value !== 0) throw new Error(said.trim() || `gpioset: exit ${outcome.value}`)
  }
  const stop = async () => {
    const child = playing
    playing = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill()
    if ((await within(END_MS, [], () => ended)).kind !== 'done') child.kill('SIGKILL')
  }
  const allDark = pins.map(pin => `${pin}=${dark}`)
  return {
    description,
    flashes: false,
    off: [{ path: chip, value: allDark.join(',') }],
    draw: async state => {
      if (state === shown && playing?.exitCode === null) return
      await stop()
      shown = state
      const lights = lightsOf(state, pins.length)
      const periods = patternOf(state).flat()
      // Lines that are not lit are held by nobody, and were made dark.
      await start(['--toggle', '0', ...allDark])
      await stop()
      await start(['--toggle', periods.join(','), ...pins.filter((_, at) => lights[at]).map(pin => `${pin}=${lit}`)])
    },
    close: async () => {
      await stop()
      await start(['--toggle', '0', ...allDark])
      await stop()
    },
  }
}
