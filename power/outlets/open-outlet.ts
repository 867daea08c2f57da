/** An outlet of the configuration → the one that switches it. */
import { HTTP_KINDS, type OutletConfig, parseOutletAddress } from '../../formats/outlets.ts'
import { execOutlet } from './exec-outlet.ts'
import { gpioOutlet } from './gpio-outlet.ts'
import type { Outlet } from './outlet.ts'
import { type HttpOutlet, shellyGen1Outlet, shellyOutlet } from './shelly.ts'
import { tasmotaOutlet } from './tasmota.ts'

export interface Surroundings {
  /** Where root puts the programs of outlets of the kind `exec`. */
  programs: string
  /** What these programs get. */
  env: NodeJS.ProcessEnv
  passwordOf(outlet: string): string | undefined
}

export function openOutlet(config: OutletConfig, { programs, env, passwordOf }: Surroundings): Outlet {
  const { kind, name, pin, activeLow } = config
  switch (kind) {
    case 'gpio':
      // The schema wants a pin.
      return gpioOutlet({ pin: pin ?? -1, activeLow })
    case 'shelly':
      return shellyOutlet(httpOf(config, passwordOf))
    case 'shelly-gen1':
      return shellyGen1Outlet(httpOf(config, passwordOf))
    case 'tasmota':
      return tasmotaOutlet(httpOf(config, passwordOf))
    case 'exec':
      return execOutlet({ name, directory: programs, env })
    default:
      return kind satisfies never
  }
}

function httpOf(config: OutletConfig, passwordOf: Surroundings['passwordOf']): HttpOutlet {
  const { firstChannel = 0, user = 'admin' } = HTTP_KINDS[config.kind] ?? {}
  const place = parseOutletAddress(config.address ?? '') ?? { host: '', port: 80 }
  return {
    ...place,
    channel: config.channel ?? firstChannel,
    user: config.user ?? user,
    password: passwordOf(config.name),
  }
}
