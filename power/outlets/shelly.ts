/**
 * A Shelly of the second generation and later, by RPC over HTTP, and one of the first
 * (shelly-api-docs.shelly.cloud: "RPC Channels", "Switch", "Authentication"; "Gen1 Device API").
 */
import { randomBytes } from 'node:crypto'
import { UserError } from '../../runtime/errors.ts'
import { digestAnswer } from './digest.ts'
import { get, goodJson, type Place } from './get-json.ts'
import type { OnOff, Outlet } from './outlet.ts'

const MAKER = 'Shelly'

export interface HttpOutlet extends Place {
  channel: number
  user: string
  /** Undefined where it asks for none. */
  password: string | undefined
}

export function shellyOutlet({ channel, password, ...place }: HttpOutlet): Outlet {
  const ask = async (method: string, parameters: string, signal: AbortSignal) => {
    const path = `/rpc/${method}?id=${channel}${parameters}`
    const first = await get(place, path, {}, signal)
    if (first.status !== 401 || password === undefined) return goodJson(first, MAKER)
    const login = { user: 'admin', password, path, cnonce: randomBytes(16).toString('hex') }
    const authorization = digestAnswer(first.challenge, login)
    if (authorization === undefined) throw new UserError('asks for a login of another kind than a Shelly does')
    return goodJson(await get(place, path, { authorization }, signal), MAKER)
  }
  return {
    read: async signal => onOff((await ask('Switch.GetStatus', '', signal)).output),
    set: async (state, signal) => void (await ask('Switch.Set', `&on=${state === 'on'}`, signal)),
    cycle: async (offS, signal) => void (await ask('Switch.Set', `&on=false&toggle_after=${offS}`, signal)),
  }
}

export function shellyGen1Outlet({ channel, user, password, ...place }: HttpOutlet): Outlet {
  const login = password === undefined ? undefined : Buffer.from(`${user}:${password}`).toString('base64')
  const headers: Record<string, string> = login === undefined ? {} : { authorization: `Basic ${login}` }
  const ask = async (parameters: string, signal: AbortSignal) =>
    goodJson(await get(place, `/relay/${channel}${parameters}`, headers, signal), MAKER)
  return {
    read: async signal => onOff((await ask('', signal)).ison),
    set: async (state, signal) => void (await ask(`?turn=${state}`, signal)),
    cycle: async (offS, signal) => void (await ask(`?turn=off&timer=${offS}`, signal)),
  }
}

function onOff(value: unknown): OnOff {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  throw new UserError('does not say whether it is on: is its channel right, and its kind?')
}
