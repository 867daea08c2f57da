/** The outlets of a console, and whom they feed beside it. */
import { askPower } from '../formats/ask-power.ts'
import type { ConsoleConfig } from '../formats/device-config.ts'
import type { PowerSupply } from './console/target-power.ts'

/** @param socket of `oobm-power` @returns undefined for a console without outlets */
export function supplyOf(
  { name, outlets }: ConsoleConfig,
  consoles: readonly ConsoleConfig[],
  socket: string,
): PowerSupply | undefined {
  if (outlets.length === 0) return undefined
  const alsoFeeds = outlets.flatMap(outlet => {
    const others = consoles.filter(other => other.name !== name && other.outlets.includes(outlet))
    return others.length === 0 ? [] : [{ outlet, consoles: others.map(({ name }) => name) }]
  })
  return { outlets, alsoFeeds, ask: (request, onStep, gone) => askPower(socket, request, onStep, gone) }
}
