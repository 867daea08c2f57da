/** Runs the loops of a configured device and turns what they find into facts of the status. */
import { randomBytes } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import { intervalsOf } from '../formats/device-config.ts'
import {
  type Directories,
  kernelFolders,
  modemRuntimeDirectory,
  provisioningDirectory,
} from '../formats/directories.ts'
import { readHotspotStatus } from '../formats/hotspot.ts'
import type { ConsoleStatus } from '../formats/status-file.ts'
import { systemClock as clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/log.ts'
import { within } from '../runtime/waiting.ts'
import { createDialler } from '../transport/dial.ts'
import { proxyFor } from '../transport/find-proxy.ts'
import { readNetworkIdentity } from '../transport/network-identity.ts'
import type { NetworkPath } from '../transport/open-stream.ts'
import { dismissPeople, tellPeople } from './bridge/ask-bridge.ts'
import { type BridgeLook, watchBridge } from './bridge/watch-bridge.ts'
import { ownRequest } from './enrolment/own-request.ts'
import { waitForAcceptance } from './enrolment/wait-for-acceptance.ts'
import type { Led } from './led/led.ts'
import type { Configuration } from './load-configuration.ts'
import type { BoardPace } from './loop/board-pace.ts'
import { ConnectionBudget } from './loop/connection-budget.ts'
import { silentMaxMs } from './loop/liveness.ts'
import { reportOf } from './loop/loop-reports.ts'
import { Patience } from './loop/patience.ts'
import type { Context } from './loop/ports.ts'
import type { Progress } from './loop/progress.ts'
import type { Broadcast } from './loop/wake.ts'
import { watchLocal } from './loop/watch-local.ts'
import { readAuthorities } from './network/authorities.ts'
import { dialLocal } from './network/dial-local.ts'
import { readDhcpPortal } from './network/portal/dhcp-portal.ts'
import { type Portal, Portals } from './network/portal/portals.ts'
import { rungsLeft } from './network/rung-order.ts'
import { readUplink, readUplinks } from './network/uplink.ts'
import { watchNetwork } from './network/watch-network.ts'
import { readWayMemory, writeWayMemory } from './network/way-memory.ts'
import { type TriedWay, Ways } from './network/ways.ts'
import { markerFiles } from './proof/prove-end.ts'
import { installSelftestKey } from './proof/selftest-key.ts'
import { applyDesk } from './recovery/ask-apply.ts'
import { type WifiWatch, watchWifi } from './recovery/watch-wifi.ts'
import { getDocument } from './settings/get-document.ts'
import { pollSettings } from './settings/poll-settings.ts'
import { type Inbox, SettingsDelivery } from './settings/settings-delivery.ts'
import { speedServer } from './speed/serve-speed.ts'
import { connect } from './ssh/connect.ts'
import type { Connection } from './ssh/connection.ts'
import { LocalFacts } from './status/local-facts.ts'
import type { Reporter } from './status/report-to-relay.ts'
import type { StatusKeeper } from './status/status-keeper.ts'
import { watchShells } from './status/watch-shells.ts'
import { TellLost } from './tell-lost.ts'
import type { Tunnel } from './tunnel/establish.ts'
import { DialledModems } from './uplinks/dialled-modems.ts'
import { bytesOf, listUplinks } from './uplinks/list-uplinks.ts'
import { Uplinks } from './uplinks/uplinks.ts'
import type { PlannedTunnels } from './userdata/planned-tunnels.ts'
import { tunnelsByUserdata } from './userdata/tunnels-by-userdata.ts'

/** Milliseconds for the bridge to tell people that their sessions end. */
const FAREWELL_MS = 5_000

/** Everything that lives as long as the process. */
export interface Daemon {
  /** Where the others' files are. */
  env: NodeJS.ProcessEnv
  directories: Directories
  /** Where the console bridge has its run-time files. */
  bridgeDirectory: string
  /** Where logins at this device's sshd are written down. */
  historyDirectory: string
  keeper: StatusKeeper
  reporter: Reporter
  /** Where settings documents go. */
  inbox: Inbox
  led: Led
  events: Broadcast
  progress: Progress
  pace: BoardPace
  /** How an interface is used, or the default route where none is named. */
  pathOf(interfaceName: string | undefined): NetworkPath
  /** What a tunnel is needed for: missing while there are no loops. */
  requests: { speed?(text: string): void }
  /** Aborted when the daemon is to end. */
  signal: AbortSignal
  log: Logger
}

/** @param onFirstProof called once, when the present configuration is known to work */
export async function supervise(
  { config, credentials, proxyPassword, enrolment }: Configuration,
  daemon: Daemon,
  onFirstProof: () => void,
): Promise<void> {
  const {
    env,
    directories,
    bridgeDirectory,
    historyDirectory,
    keeper,
    reporter,
    inbox,
    led,
    events,
    progress,
    pace,
    pathOf,
    signal,
    log,
  } = daemon
  const slowness = () => Math.max(loadPerCpu(), pace.slowness)
  const selftestKey = await installSelftestKey(directories.runtime, config.selftest.user)
  const intervals = intervalsOf(config)
  const network = watchNetwork(config.relays, () => events.notify('network'), signal, log)
  const modems = new DialledModems(modemRuntimeDirectory(env))
  const newUplinks = () => {
    return new Uplinks({
      settings: config.uplinks,
      clock,
      list: network.isLocal ? () => [] : listUplinks,
      bytesOf,
      modems: () => modems.troubles(),
    })
  }
  const uplinks = newUplinks()
  void modems.watch(clock, signal, troubles => keeper.report({ modems: troubles }, { uplinks: uplinks.status() }))
  const proxyOf = (host: string) => proxyFor(host, { configured: config.proxy, password: proxyPassword, env })
  const authorities = config.waysOut.tls === 'verify' ? await readAuthorities() : undefined
  const { dial } = createDialler({ pathOf, proxyFor: proxyOf, authorities })
  const ways = new Ways({
    rungsTo: host => rungsLeft({ tls: config.waysOut.tls !== 'off', proxy: proxyOf(host) !== undefined }),
    memory: await readWayMemory(directories.state, log),
    networkOf: readNetworkIdentity,
    clock,
    save: memory => {
      writeWayMemory(directories.state, memory).catch(err => log.warn({ err }, 'the proved way could not be saved'))
    },
    changed: tried => keeper.report({}, { ways: tried.map(wayDetail) }),
  })
  const portals = new Portals({
    ...{ pathOf, clock, signal, log, dhcpPortal: readDhcpPortal },
    changed: () => keeper.report({ portals: portals.list() }, { portals: portals.list().map(portalDetail) }),
  })
  const local = new LocalFacts(
    config.consoles.map(({ name }) => name),
    facts => keeper.report(facts),
    () => events.notify('local'),
  )
  const context: Context = {
    ...{
      clock,
      random: Math.random,
      dial,
      dialLocal,
      connect,
      ways,
      portals,
      network,
      uplinks,
      events,
      progress,
      signal,
      log,
    },
    ...{ config, intervals, credentials, selftestKey, files: markerFiles(config, selftestKey) },
    localFault: () => local.fault,
    token: randomBytes(16).toString('hex'),
    ownIdent: `oobm_selftest_${randomBytes(4).toString('hex')}`,
    patience: new Patience({ baseMs: intervals.timeoutS * 1000, clock, slowness }),
    budget: new ConnectionBudget(clock),
  }
  let consoles: ConsoleStatus | undefined
  let tunnels: PlannedTunnels | undefined
  const onBridge = (look: BridgeLook) => {
    local.bridge(look)
    consoles = look.state === 'running' ? look.status : undefined
    reporter.updateConsoles(consoles)
    tunnels?.updateConsoles(consoles)
  }
  watchBridge({ directory: bridgeDirectory, clock, signal, onChange: onBridge })
  void watchShells(historyDirectory, session => reporter.shellEnded(session), signal).catch(err =>
    log.error({ err }, 'shell sessions are not reported to the relay'),
  )
  const settings = new SettingsDelivery({
    ...{ inbox, clock, log },
    onAnswer: answer => reporter.settingsAnswered(answer),
  })
  if (config.settingsPoll) {
    const poll = { poll: config.settingsPoll, directories, inbox, get: getDocument }
    void pollSettings({ ...poll, clock, random: Math.random, signal, log }).catch(err =>
      log.error({ err }, 'no address is polled for settings'),
    )
  }
  let tunnel: Tunnel | undefined
  const wifi: WifiWatch = {
    ...{ sysfs: kernelFolders(env).sysfs, provisioningDirectory: provisioningDirectory(env) },
    ...{ stateDirectory: directories.state, desk: applyDesk(env), uplinks: readUplinks, clock, signal, log },
    hotspot: async () => (await readHotspotStatus(env))?.interface,
    tunnelAddress: () =>
      tunnel && isAlive(tunnel.connection, intervals.keepaliveS) ? tunnel.connection.localAddress : undefined,
    mayReboot: config.recovery.reboot,
    onChange: recovery => keeper.report({}, { recovery }),
  }
  void watchWifi(wifi).catch(err => log.error({ err }, 'nobody looks after the wireless interfaces'))
  if (enrolment !== undefined) {
    await waitForAcceptance(context, {
      ...enrolment,
      ownRequest: () => ownRequest(config, credentials.privateKey, kernelFolders(env).sysfs),
      settings,
      publish: (failure, retryInMs) =>
        keeper.report(
          { linkUp: network.linkUp(), tunnel: { state: 'down', failure } },
          { retryAt: clock.nowMs() + retryInMs },
        ),
    })
    return
  }
  tunnels = await tunnelsByUserdata(config, daemon)
  tunnels.updateConsoles(consoles)
  const tellLost = new TellLost({ bridge: config.bridge, clock, signal, log })
  const common = { config, keeper, readUplink, newUplinks }
  let provedBefore = false
  daemon.requests.speed = speedServer(context, () => tunnel, directories.runtime, log)
  await Promise.all([
    watchLocal('shell', context, fault => local.looked('shell', fault)),
    watchLocal('console', context, fault => local.looked('console', fault)),
    tunnels.keep(context, common, {
      publish: (state, sessions) => {
        tellLost.seen(sessions.console)
        const isForeign = state.state === 'up' && ways.isForeign(state.run.relay, state.run.via)
        const now = { linkUp: network.linkUp(), nowMs: clock.nowMs(), isForeign }
        const report = reportOf(state, keeper.proof, now)
        const inTheWay = portals.list()
        keeper.report(
          { ...report.facts, portals: inTheWay, sessions },
          { ...report.details, uplinks: uplinks.status(), portals: inTheWay.map(portalDetail) },
        )
        if (provedBefore || report.facts.proof?.state !== 'proved') return
        provedBefore = true
        onFirstProof()
      },
      onTunnel: (made, { keepaliveS, reportS }) => {
        tunnel = made
        const { control, connection, relay } = made
        if (!control) return
        reporter.pace({ pingS: keepaliveS, idleMs: reportS * 1000 })
        reporter
          .serve(control, connection.closed)
          .catch(err => log.error({ err }, 'the status is not reported to the relay'))
        settings
          .serve(relay, control, connection)
          .catch(err => log.error({ err }, 'settings from the relay are not handed over'))
      },
      onMove: move => {
        reporter.moved(move)
        tellLost.moved(move)
      },
      onBlink: seconds => led.show('here', seconds * 1000),
      onSettings: (offer, relay) => settings.offered(offer, relay),
      tell: (text, deadline) => {
        return within(FAREWELL_MS, [deadline], until => tellPeople({ ...config.bridge, signal: until }, text))
      },
      farewell: (by, deadline) => {
        return within(FAREWELL_MS, [deadline], until =>
          dismissPeople({ ...config.bridge, signal: until }, config.device, by),
        )
      },
    }),
  ])
}

function isAlive(connection: Connection, keepaliveS: number): boolean {
  const silentMs = clock.nowMs() - connection.activity().receivedAtMs
  return !connection.closed.aborted && silentMs <= silentMaxMs(keepaliveS * 1000)
}

/** As the status file has it. */
function wayDetail({ rung, relay, interface: name, cause, atMs }: TriedWay) {
  return { rung, relay: `${relay.host}:${relay.port}`, interface: name ?? null, cause: cause ?? null, at: atMs }
}

function portalDetail({ interface: name, page, atMs }: Portal) {
  return { interface: name ?? null, page, at: atMs }
}

/** Processes that want a CPU, for each CPU. */
function loadPerCpu(): number {
  return (loadavg()[0] ?? 0) / availableParallelism()
}
