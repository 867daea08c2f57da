/** Checks between the parts of a fleet: names and ports are unique, and each reference names something that exists. */
import { relayAccounts, technicianAccounts } from './accounts.ts'
import { type Problem, sketchOf } from './fleet-sketch.ts'
import { commands, duplicates, hostNames, keys, paths, ports, reservedTechnicians } from './owners.ts'
import { logins, outlets, powers, references } from './references.ts'

/** Checks a fleet that may not be well formed. */
export function crossCheck(raw: unknown): Problem[] {
  const sketch = sketchOf(raw)
  return [
    ...duplicates('relays', sketch.relays),
    ...duplicates('technicians', sketch.technicians),
    ...duplicates('enrolments', sketch.enrolments),
    ...hostNames(sketch),
    ...ports(sketch),
    ...paths(sketch),
    ...commands(sketch),
    ...keys(sketch),
    ...reservedTechnicians(sketch),
    ...references(sketch),
    ...relayAccounts(sketch),
    ...technicianAccounts(sketch, raw),
    ...logins(sketch, raw),
    ...powers(sketch, raw),
    ...outlets(sketch),
  ]
}
