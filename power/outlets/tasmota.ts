/** A Tasmota, by its commands over HTTP (tasmota.github.io/docs/Commands: "Power<x>", "Backlog", "Delay", "With web requests"). */
import { UserError } from '../../runtime/errors.ts'
import { get, goodJson, shown } from './get-json.ts'
import type { Outlet } from './outlet.ts'
import type { HttpOutlet } from './shelly.ts'

export function tasmotaOutlet({ channel, user, password, ...place }: HttpOutlet): Outlet {
  const login =
    password === undefined ? '' : `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}&`
  const ask = async (command: string, signal: AbortSignal) => {
    const json = goodJson(await get(place, `/cm?${login}cmnd=${encodeURIComponent(command)}`, {}, signal), 'Tasmota')
    // Without a login it answers 200, and this.
    if (typeof json.WARNING === 'string' && /user|password/i.test(json.WARNING))
      throw new UserError('refuses the login: its password is the secret in outlet_secrets (docs/power.md)')
    if (json.Command === 'Unknown' || json.Command === 'Error')
      throw new UserError(`does not know the command ${shown(command)}: does it have a channel ${channel}?`)
    return json
  }
  return {
    read: async signal => {
      const json = await ask(`Power${channel}`, signal)
      // One with a single output leaves the number out.
      const state = json[`POWER${channel}`] ?? (channel === 1 ? json.POWER : undefined)
      if (state === 'ON' || state === 'OFF') return state === 'ON' ? 'on' : 'off'
      throw new UserError(`does not say whether channel ${channel} is on: does it have this channel?`)
    },
    set: async (state, signal) => void (await ask(`Power${channel} ${state.toUpperCase()}`, signal)),
    // Its delay counts tenths of a second.
    cycle: async (offS, signal) =>
      void (await ask(`Backlog Power${channel} OFF; Delay ${offS * 10}; Power${channel} ON`, signal)),
  }
}
