/**
 * Outlets over HTTP that answer as their makers document it: Shelly (shelly-api-docs.shelly.cloud, second generation "RPC
 * Channels", "Switch", "Authentication"; "Gen1 Device API", "/relay/{index}") and Tasmota
 * (tasmota.github.io/docs/Commands, "With web requests", "Power", "Backlog", "Delay").
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from './suite.ts'

export interface OutletServer {
  address: string
  /** By channel, as the maker counts. */
  state: Map<number, boolean>
  /** What was switched, and when: `0 off`. */
  log: { what: string; atMs: number }[]
  requests: string[]
  /** The relay is stuck: it takes requests, and stays as it is. */
  isStuck: boolean
  /** Answers in place of the outlet, when it is set. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
}

type Answer = (url: URL, request: IncomingMessage, response: ServerResponse) => void

export async function startOutletServer(
  context: TestContext,
  kind: 'shelly' | 'shelly-gen1' | 'tasmota',
  { password, channels = [0] }: { password?: string; channels?: number[] } = {},
): Promise<OutletServer> {
  const timers = new Set<NodeJS.Timeout>()
  const outlet: OutletServer = {
    ...{ address: '', log: [], requests: [], isStuck: false, instead: undefined },
    state: new Map(channels.map(channel => [channel, true])),
  }
  const set = (channel: number, on: boolean) => {
    if (outlet.isStuck) return
    outlet.state.set(channel, on)
    outlet.log.push({ what: `${channel} ${on ? 'on' : 'off'}`, atMs: performance.now() })
  }
  const later = (seconds: number, work: () => void) => void timers.add(setTimeout(work, seconds * 1000))
  const answer = { shelly: shelly, 'shelly-gen1': shellyGen1, tasmota: tasmota }[kind](outlet, set, later, password)
  const server = createServer((request, response) => {
    outlet.requests.push(request.url ?? '')
    if (outlet.instead) outlet.instead(request, response)
    else answer(new URL(request.url ?? '/', 'http://outlet'), request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  outlet.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  context.cleanup(() => {
    for (const timer of timers) clearTimeout(timer)
    server.closeAllConnections()
    server.close()
  })
  return outlet
}

type Set = (channel: number, on: boolean) => void
type Later = (seconds: number, work: () => void) => void

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
  response.end(JSON.stringify(body))
}

function shelly(outlet: OutletServer, set: Set, later: Later, password: string | undefined): Answer {
  const realm = 'shellyplus1-a8032abe54dc'
  const nonces = new Set<string>()
  return (url, request, response) => {
    if (password !== undefined && !isDigest(request.headers.authorization ?? '', url, realm, password, nonces)) {
      const nonce = randomBytes(4).toString('hex')
      nonces.add(nonce)
      const challenge = `Digest qop="auth", realm="${realm}", nonce="${nonce}", algorithm=SHA-256`
      response.writeHead(401, { 'www-authenticate': challenge, connection: 'close' })
      response.end()
      return
    }
    const id = Number(url.searchParams.get('id'))
    const was = outlet.state.get(id)
    if (was === undefined) return json(response, 500, { code: -105, message: `Argument 'id', value ${id} not found!` })
    if (url.pathname === '/rpc/Switch.GetStatus')
      return json(response, 200, { id, source: 'init', output: was, temperature: { tC: 41.2, tF: 106.2 } })
    if (url.pathname !== '/rpc/Switch.Set')
      return json(response, 404, { code: 404, message: `No handler for ${url.pathname}` })
    const on = url.searchParams.get('on') === 'true'
    const after = url.searchParams.get('toggle_after')
    set(id, on)
    if (after !== null) later(Number(after), () => set(id, !on))
    json(response, 200, { was_on: was })
  }
}

function isDigest(header: string, url: URL, realm: string, password: string, nonces: ReadonlySet<string>): boolean {
  const field = (name: string) => new RegExp(`(?:^Digest |, )${name}="?([^",]+)"?`).exec(header)?.[1] ?? ''
  const hash = (...parts: string[]) => createHash('sha256').update(parts.join(':')).digest('hex')
  const uri = `${url.pathname}${url.search}`
  const a1 = hash('admin', realm, password)
  const a2 = hash('GET', uri)
  const expected = hash(a1, field('nonce'), field('nc'), field('cnonce'), 'auth', a2)
  return (
    nonces.has(field('nonce')) &&
    field('uri') === uri &&
    field('username') === 'admin' &&
    field('response') === expected
  )
}

function shellyGen1(outlet: OutletServer, set: Set, later: Later, password: string | undefined): Answer {
  return (url, request, response) => {
    const expected = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    if (password !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="shelly1-B929CC"', connection: 'close' })
      response.end('401 Unauthorized')
      return
    }
    const channel = Number(/^\/relay\/(\d+)$/.exec(url.pathname)?.[1] ?? -1)
    if (!outlet.state.has(channel)) {
      response.writeHead(404, { connection: 'close' }).end('Not Found')
      return
    }
    const turn = url.searchParams.get('turn')
    const timer = Number(url.searchParams.get('timer') ?? 0)
    if (turn !== null) set(channel, turn === 'on')
    if (turn !== null && timer > 0) later(timer, () => set(channel, turn !== 'on'))
    const has_timer = timer > 0
    json(response, 200, {
      ison: outlet.state.get(channel),
      has_timer,
      timer_started: 0,
      timer_duration: timer,
      timer_remaining: timer,
      overpower: false,
      source: 'http',
    })
  }
}

function tasmota(outlet: OutletServer, set: Set, later: Later, password: string | undefined): Answer {
  const label = (channel: number) => (outlet.state.size === 1 ? 'POWER' : `POWER${channel}`)
  const one = (command: string): object => {
    const [, digits = '', word = ''] = /^power(\d*)(?: (on|off))?$/i.exec(command) ?? []
    const channel = Number(digits === '' ? 1 : digits)
    if (!/^power/i.test(command) || !outlet.state.has(channel))
      return { Command: 'Unknown', Input: command.toUpperCase() }
    if (word !== '') set(channel, word.toLowerCase() === 'on')
    return { [label(channel)]: outlet.state.get(channel) ? 'ON' : 'OFF' }
  }
  return (url, _, response) => {
    if (url.pathname !== '/cm') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><html><h1>Tasmota</h1></html>')
      return
    }
    const { searchParams: asked } = url
    if (password !== undefined && (asked.get('user') !== 'admin' || asked.get('password') !== password))
      return json(response, 200, { WARNING: 'Need user=<username>&password=<password>' })
    const command = asked.get('cmnd') ?? ''
    if (!/^backlog /i.test(command)) return json(response, 200, one(command))
    let afterS = 0
    for (const each of command
      .slice('backlog '.length)
      .split(';')
      .map(text => text.trim())) {
      const delay = /^delay (\d+)$/i.exec(each)?.[1]
      if (delay !== undefined) afterS += Number(delay) / 10
      else if (afterS === 0) one(each)
      else later(afterS, () => one(each))
    }
    json(response, 200, {})
  }
}
