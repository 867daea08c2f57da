/** `oobm-router`: makes the machine the router of one local address as long as it runs, and says how it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { overlaps } from '../formats/ip-networks.ts'
import type { RouterSpec, RouterStatus } from '../formats/router.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { within } from '../runtime/waiting.ts'
import { writeRuntimeFile } from '../runtime/write-runtime-file.ts'
import { Applied } from './applied.ts'
import { askDhcp } from './ask-dhcp.ts'
import { Budgets } from './budgets.ts'
import { type Choice, chooseUplink, hostRoutes } from './choose-uplink.ts'
import { Counted } from './counted.ts'
import { hasAddress, readNumber, readRoutes, readTable, setHostRoutes } from './kernel.ts'
import { nameServersOf } from './name-servers.ts'
import { networkOf } from './network-of.ts'
import { renderDnsmasq } from './render-dnsmasq.ts'
import { tableName } from './render-nft.ts'
import { carryingUplink, uplinkSettings } from './settings.ts'

export interface RouterOptions {
  spec: RouterSpec
  env: NodeJS.ProcessEnv
  /** Folders: of this address, of what outlives a start, of dnsmasq's leases, of the supervisor. */
  folder: string
  state: string
  leases: string
  supervisor: string
  /** The user of dnsmasq. */
  dnsUid: number | undefined
  clock: Clock
  log: Logger
}

/** Milliseconds between two questions for other DHCP servers, and for the answers to the first: dnsmasq pings for three seconds before. */
const ASK_MS = 300_000
const ANSWER_MS = 6_000

export class Router {
  readonly #options: RouterOptions
  readonly #applied: Applied
  readonly #budgets: Budgets
  readonly #settings: ReturnType<typeof uplinkSettings>
  readonly #counted = { up: new Counted(), down: new Counted(), refused: new Counted() }
  #askedMs: number | undefined
  #otherServers: string[] = []
  #choice: Choice | undefined
  #carrying: string | undefined
  #dns: string[] = []
  #rates: RouterStatus['uplink'] = null
  #problems: string[] = []

  private constructor(options: RouterOptions, budgets: Budgets) {
    this.#options = options
    this.#applied = new Applied(options.folder, options.spec)
    this.#budgets = budgets
    this.#settings = uplinkSettings(options.env)
  }

  static async start(options: RouterOptions): Promise<Router> {
    const { spec, folder, leases, state } = options
    const router = new Router(options, await Budgets.load(state))
    writeRuntimeFile(join(folder, 'dnsmasq.conf'), renderDnsmasq(spec, { router: folder, leases }), 0o644)
    writeRuntimeFile(join(folder, 'resolv.conf'), '', 0o644)
    return router
  }

  /** Whether the supervisor's choice is another one than at the last settling: to be asked often, as it costs a file. */
  hasMoved(): boolean {
    return carryingUplink(this.#options.supervisor) !== this.#carrying
  }

  /** Makes everything what it is to be. What cannot be done is a problem that is said, and tried again. */
  async settle(signal: AbortSignal): Promise<void> {
    const { spec, log } = this.#options
    this.#problems = []
    const attempt = async (what: string, work: () => Promise<void>) => {
      try {
        await work()
      } catch (err) {
        this.#problems.push(`${what}: ${errorMessage(err)}`)
      }
    }
    await attempt('what hosts used cannot be counted', () => this.#count())
    await attempt('the rules cannot be set', async () => {
      await this.#choose()
      await this.#apply()
    })
    if (spec.routes) await attempt('name servers cannot be told to the hosts', () => this.#followNameServers())
    if (spec.dhcp !== null && this.#askIsDue()) {
      await attempt('other DHCP servers cannot be looked for', () => this.#askForServers(signal))
      await attempt('the rules cannot be set', () => this.#apply())
    }
    await attempt('what hosts used cannot be kept on the card', () => this.#budgets.keep())
    for (const problem of this.#problems) log.warn({ problem }, 'not as it should be')
    this.writeStatus()
  }

  writeStatus(): void {
    writeRuntimeFile(join(this.#options.folder, 'status.json'), JSON.stringify(this.status()), 0o644)
  }

  /** At the end: the bytes as they were. Everything else is `clean`'s. */
  async end(): Promise<void> {
    await this.#count().catch(() => {})
    await this.#budgets.keep(true)
  }

  async #count(): Promise<void> {
    const reading = await readTable(tableName(this.#options.spec.address))
    // Somebody flushed the rules: they are set anew.
    if (reading === undefined) return this.#applied.forget()
    const { counters, servers } = reading
    const more = {
      up: this.#counted.up.read(counters.up?.bytes ?? 0),
      down: this.#counted.down.read(counters.down?.bytes ?? 0),
    }
    this.#counted.refused.read(counters.refused?.packets ?? 0)
    const wallMs = this.#options.clock.wallMs()
    const isNew = this.#budget()?.add(more.up + more.down, wallMs, Budgets.isClockRight())
    if (isNew) {
      this.#options.log.info({ uplink: this.#choice?.name }, 'a new day of the budget begins')
      this.#applied.forget()
    }
    if (servers.join() !== this.#otherServers.join()) {
      this.#otherServers = servers
      if (servers.length > 0)
        this.#options.log.warn({ servers }, 'another DHCP server answers: none is given by this board')
    }
  }

  async #choose(): Promise<void> {
    const { spec, supervisor, log } = this.#options
    this.#carrying = carryingUplink(supervisor)
    if (!(await hasAddress(spec.interface, spec.address))) {
      this.#problems.push(`${spec.interface} has not ${spec.address} now`)
    }
    if (!spec.routes) return
    const routes = await readRoutes()
    const before = this.#choice?.name
    this.#choice = chooseUplink(routes, this.#carrying, [spec.interface])
    const network = networkOf(spec)
    const clash = routes.find(
      ({ dst, dev }) => dst !== 'default' && dev !== spec.interface && overlaps(withLength(dst), network),
    )
    if (clash !== undefined) {
      this.#choice = undefined
      this.#problems.push(
        `${clash.dst} behind ${clash.dev} is in the network of the hosts, ${network}: nobody is led out; give ${spec.interface} another address`,
      )
    }
    if (before !== this.#choice?.name)
      log.info({ from: before, to: this.#choice?.name, why: this.#choice?.why }, 'hosts go another way')
    const inside = { interface: spec.interface, network }
    await setHostRoutes(spec, this.#options.dnsUid, hostRoutes(routes, this.#choice?.name, inside))
  }

  async #apply(): Promise<void> {
    const { spec, dnsUid } = this.#options
    const name = this.#choice?.name
    const rates = this.#uplinkSettings()?.uplinkKbit
    const budget = this.#budget()
    const settings = this.#uplinkSettings()
    const problems = await this.#applied.apply({
      uplink: name === undefined ? undefined : { name, mtu: readNumber(`/sys/class/net/${name}/mtu`) ?? 1_500 },
      rates,
      budget: budget && { bytes: (settings?.budgetMbDay ?? 0) * 1_000_000, usedBytes: budget.usedBytes },
      dhcpIsOpen: spec.dhcp !== null && this.#askedMs !== undefined && this.#otherServers.length === 0,
      dnsUid,
    })
    this.#problems.push(...problems)
    this.#rates = name === undefined ? null : { name, why: this.#choice?.why ?? '', kbit: rates ?? null }
  }

  #uplinkSettings() {
    return this.#settings().find(entry => entry.interface === this.#choice?.name)
  }

  #budget() {
    return this.#budgets.of(this.#uplinkSettings(), this.#options.clock.wallMs())
  }

  /** dnsmasq looks at the file once a second. */
  async #followNameServers(): Promise<void> {
    const name = this.#choice?.name
    const servers = name === undefined ? [] : await nameServersOf(name)
    if (servers.join() === this.#dns.join()) return
    this.#dns = servers
    const text = servers.map(server => `nameserver ${server}\n`).join('')
    writeRuntimeFile(join(this.#options.folder, 'resolv.conf'), text, 0o644)
  }

  #askIsDue(): boolean {
    return this.#askedMs === undefined || this.#options.clock.nowMs() - this.#askedMs >= ASK_MS
  }

  /** The first answers are waited for: before them, nobody is given an address. */
  async #askForServers(signal: AbortSignal): Promise<void> {
    const { spec, clock } = this.#options
    const isFirst = this.#askedMs === undefined
    await within(ANSWER_MS, [signal], over => askDhcp(spec.address, over))
    if (isFirst) {
      await clock.sleep(ANSWER_MS, signal)
      await this.#count()
    }
    this.#askedMs = clock.nowMs()
  }

  status(): RouterStatus {
    const { spec, clock, leases } = this.#options
    const budget = this.#budget()
    return {
      version: 1,
      heartbeat: heartbeatNow(),
      ...{ interface: spec.interface, address: spec.address, routes: spec.routes },
      uplink: this.#rates,
      problems: this.#problems,
      dns: this.#dns,
      dhcp: spec.dhcp && { ...spec.dhcp, leases: countLeases(leases), otherServers: this.#otherServers },
      upBytes: this.#counted.up.total,
      downBytes: this.#counted.down.total,
      refusedPackets: this.#counted.refused.total,
      budget: budget?.describe(clock.wallMs()) ?? null,
    }
  }
}

function withLength(dst: string): string {
  return dst.includes('/') ? dst : `${dst}/32`
}

function countLeases(folder: string): number {
  try {
    return readFileSync(join(folder, 'leases'), 'utf8')
      .split('\n')
      .filter(line => line !== '').length
  } catch (err) {
    if (errorCode(err) === undefined) throw err
    return 0
  }
}
