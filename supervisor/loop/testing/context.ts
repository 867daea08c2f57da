/** What a part of the loop is given, for unit tests: a fake clock, an idle board, and ports that fail unless the test gives others. */
import type { DeviceConfig, RelayConfig } from '../../../formats/device-config.ts'
import { silentLog } from '../../../runtime/log.ts'
import { Uplinks } from '../../uplinks/uplinks.ts'
import { ConnectionBudget } from '../connection-budget.ts'
import { Patience } from '../patience.ts'
import type { Context } from '../ports.ts'
import { Progress } from '../progress.ts'
import { Broadcast } from '../wake.ts'
import { FakeClock } from './fake-clock.ts'

export const relayNamed = (host: string): RelayConfig => ({ host, port: 443, user: 'oobm', hostKeys: [] })

export function testContext(changes: Partial<Context> = {}): Context & { clock: FakeClock } {
  const clock = new FakeClock()
  const config = {
    relays: [relayNamed('a'), relayNamed('b')],
    listenerPort: 20_100,
    shell: { port: 22, hostKeyFile: '/key' },
    bridge: { port: 2_222, hostKey: 'ssh-ed25519 BRIDGE' },
    selftest: { user: 'oobm-selftest' },
  } as unknown as DeviceConfig
  return {
    ...{ config, random: () => 0.5, events: new Broadcast(), log: silentLog },
    intervals: { keepaliveS: 15, probeS: 300, selftestS: 14_400, reportS: 300, timeoutS: 20, stableS: 15 } as never,
    dial: async () => ({ ok: false, failure: { kind: 'refused', cause: 'it refuses' } }),
    dialLocal: async () => ({ ok: false, cause: 'nothing listens there' }),
    connect: async () => ({ ok: false, fault: { kind: 'closed', detail: 'closed' } }),
    uplinks: new Uplinks({ settings: [], clock, list: () => [], bytesOf: () => undefined }),
    ways: { order: () => ['direct'], isDirectDue: () => false, tried: () => {}, ended: () => {}, proved: () => {} },
    portals: { notReached: () => {}, reached: () => {} },
    network: { linkUp: () => true, hasAddress: () => true },
    files: { hostKey: async () => 'ssh-ed25519 SHELL', appeared: async () => true, forget: async () => {} },
    localFault: () => undefined,
    credentials: { privateKey: 'key' },
    selftestKey: { privateKey: 'selftest key', markers: '/markers' },
    token: 'a'.repeat(32),
    ownIdent: 'oobm_selftest',
    patience: new Patience({ baseMs: 20_000, clock, slowness: () => 1 }),
    budget: new ConnectionBudget(clock),
    progress: new Progress(clock),
    signal: new AbortController().signal,
    ...changes,
    clock,
  }
}
