/** The addresses of this device with their sides, as lines of `oobm status`; pure. */
import type { Sides } from '../../formats/sides.ts'

/** @param sides undefined where nobody says: nothing is local then */
export function describeSides(sides: Sides | undefined): string[] {
  if (sides === undefined) return []
  // Whoever is in the same network has these, and they tell nothing.
  const shown = sides.addresses.filter(({ address, side }) => side === 'local' || !address.startsWith('fe80:'))
  if (shown.length === 0) return []
  const lines = shown.map(({ interface: name, address, side, why }) => `  ${address} on ${name}: ${side}, ${why}`)
  return ['', 'addresses', ...lines]
}
