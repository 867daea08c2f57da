/** A device as it may be, for tests of the page and for its pictures. */
import type { PageFacts } from '../page-facts.ts'

export function sampleFacts(): PageFacts {
  const nowMs = Date.UTC(2027, 0, 31, 18, 4, 5)
  return {
    language: 'en',
    nowMs,
    ...{ device: 'tokyo-rack1', serial: '10000000a1b2c3d4', software: '0.1.0', contact: 'NOC +81 3 1234 5678' },
    hasColours: false,
    fault: undefined,
    state: 'ready',
    cause: 'proved by a login through the tunnel',
    provedMs: nowMs - 184_000,
    uplinks: [
      { name: 'eth0', carries: true, provedMs: nowMs - 184_000, why: '' },
      { name: 'wlan0', carries: false, provedMs: nowMs - 3_700_000, why: 'stands by: eth0 is preferred' },
    ],
    hotspot: { ssid: 'oobm-tokyo-rack1', address: '192.168.76.1', isOn: false, devices: 0 },
    links: [
      { name: 'eth0', isUp: true, speed: 100, signalDbm: undefined, addresses: ['192.0.2.10'] },
      { name: 'wlan0', isUp: true, speed: undefined, signalDbm: -56, addresses: ['198.51.100.23'] },
    ],
    adapters: [
      { port: '1.2', product: 'FT232R USB UART', console: 'core-sw1' },
      { port: '1.3', product: 'CP2102N', console: undefined },
    ],
    consoles: [
      { name: 'core-sw1', label: 'Tokyo DC2, rack 14, Catalyst 9300', isOpen: true, cause: '', settings: '9600 8N1' },
      { name: 'edge-rt1', label: undefined, isOpen: false, cause: 'no adapter is plugged in', settings: '9600 8N1' },
    ],
    budgets: [
      {
        address: '192.168.77.1',
        now: {
          ...{ uplink: 'wwan0', bytes: 500e6, usedBytes: 123.4e6, ageMs: 7_000 },
          ...{ resetsAt: Date.UTC(2027, 1, 1, 15), zone: 'Asia/Tokyo' },
        },
      },
    ],
    bridgeProblem: undefined,
  }
}
