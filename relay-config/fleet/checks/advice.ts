/** Advice about a fleet: what is allowed and causes trouble sooner or later. */
import { isKernelNumbered, unusualSpeed } from '../../../formats/serial-path.ts'

/** Names in one line; a fleet may have thousands. */
const SHOWN = 5

interface SerialConsole {
  name: string
  path?: string | undefined
  baudRate?: number | undefined
}

/** One line for each kind. */
export function adviceOn(consoles: readonly SerialConsole[]): string[] {
  const numbered = consoles.filter(({ path }) => path !== undefined && isKernelNumbered(path))
  const odd = consoles.flatMap(({ name, baudRate = 9600 }) => {
    const usual = unusualSpeed(baudRate)
    return usual === undefined ? [] : `${name} (${baudRate}; the nearest usual one is ${usual})`
  })
  return [
    ...(numbered.length === 0
      ? []
      : [
          `the kernel numbers the path of ${list(numbered.map(({ name, path }) => `${name} (${path})`))}: another adapter may have it after the next start; "oobm console adapters" on the device shows what to write so that it stays`,
        ]),
    ...(odd.length === 0 ? [] : [`no equipment has the speed of ${list(odd)}`]),
  ]
}

function list(items: readonly string[]): string {
  const more = items.length - SHOWN
  return items.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
