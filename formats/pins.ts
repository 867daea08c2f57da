/** Pins of the board's header: how a setting names one, and that each has one use. The one place that knows who has which. */
import * as z from 'zod'

/** BCM number, as on every pinout. Those after 27 are not on the header of a Pi, but on that of a Compute Module. */
export const pinSchema = z.int('must be a whole number').min(0).max(53)

/** Pins that Linux drives as the serial port of the header, and the names of that port. */
const SERIAL = { path: /^\/dev\/(serial0|ttyAMA0|ttyS0)$/, pins: [14, 15] }

/** Of a device that may not be well formed, too. */
export interface PinSettings {
  led?:
    | { backend?: string | undefined; pin?: number | undefined; rgb?: readonly (number | undefined)[] | undefined }
    | undefined
  button?: { pin?: number | undefined } | undefined
  outlets?:
    | readonly ({ name?: string | undefined; kind?: string | undefined; pin?: number | undefined } | undefined)[]
    | undefined
  consoles: readonly ({ name?: string | undefined; path?: string | undefined } | undefined)[]
}

interface Use {
  pin: number
  path: PropertyKey[]
  /** As in `17 is the pin of …`. */
  owner: string
  isDefault?: true
}

/** The pin of the LED where the configuration names none. */
export const LED_PIN = 17

/** Two settings that want one pin: the later one is refused. */
export function* pinProblems(
  settings: PinSettings,
): Generator<{ path: PropertyKey[]; message: string; also?: PropertyKey[] }> {
  const owners = new Map<number, Use>()
  for (const use of usesOf(settings)) {
    const first = owners.get(use.pin)
    if (first === undefined) {
      owners.set(use.pin, use)
      continue
    }
    const message = `${use.pin} is the pin of ${first.owner} already: take another for one of them`
    // A default stands on no line.
    yield first.isDefault ? { path: use.path, message } : { path: use.path, message, also: first.path }
  }
}

function* usesOf({ led = {}, button, outlets = [], consoles }: PinSettings): Generator<Use> {
  const { backend = 'auto', pin, rgb } = led
  if (backend === 'auto' || backend === 'gpio') {
    for (const [at, one] of (rgb ?? []).entries())
      if (one !== undefined)
        yield { pin: one, path: ['led', 'rgb', at], owner: `the ${RGB_NAMES[at] ?? ''} light of the LED (led.rgb)` }
    if (rgb === undefined)
      yield {
        ...{ pin: pin ?? LED_PIN, path: ['led', 'pin'], owner: 'the LED (led.pin)' },
        ...((pin === undefined || pin === LED_PIN) && { isDefault: true }),
      }
  }
  for (const [at, console] of consoles.entries())
    if (console?.path !== undefined && SERIAL.path.test(console.path))
      for (const pin of SERIAL.pins)
        yield { pin, path: ['consoles', at, 'path'], owner: `${console.path} (${console.name ?? `console ${at + 1}`})` }
  if (button?.pin !== undefined) yield { pin: button.pin, path: ['button', 'pin'], owner: 'the button (button.pin)' }
  for (const [at, outlet] of outlets.entries())
    if (outlet?.kind === 'gpio' && outlet.pin !== undefined)
      yield { pin: outlet.pin, path: ['outlets', at, 'pin'], owner: outlet.name ?? `outlet ${at + 1}` }
}

/** The lights of an LED of three colours, in the order of their pins. */
export const RGB_NAMES = ['red', 'green', 'blue'] as const
