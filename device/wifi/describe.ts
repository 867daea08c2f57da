/** What `oobm wifi` prints of networks; pure. */
import * as z from 'zod'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { describeAge, describeDuration } from '../../cli/times.ts'
import { RESULTS, type SettingsOutcome, type SettingsRecord } from '../../formats/settings-record.ts'
import type { WifiConfig } from '../../formats/site-config.ts'
import { printable } from '../../runtime/printable.ts'
import type { Connection } from './connection.ts'
import { nameText, shownName } from './network-name.ts'
import { inOrder } from './plan-change.ts'
import { bandOf, channelOf, describeSignal, type NetworkInReach } from './scan-results.ts'

const FROM = { hand: 'by hand', document: 'a signed document' } as const

export interface Now {
  name: string
  /** Undefined while the board is in no network. */
  connection: (Connection & { forMs: number | undefined }) | undefined
}

export const networkRowSchema = z.object({
  ssid: z.string(),
  security: z.string(),
  /** Where it came from. */
  source: z.string(),
  hidden: z.boolean(),
  hasNextPassphrase: z.boolean(),
  isConnected: z.boolean(),
})

type NetworkRow = z.output<typeof networkRowSchema>

/** In the order of preference, without secrets. */
export function networkRows(wifi: readonly WifiConfig[], { connection }: Now): NetworkRow[] {
  return inOrder(wifi).map(({ ssid, hidden, nextPassphrase, source, ...network }) => ({
    ...{ ssid, hidden, security: describeSecurity(network), source: source === undefined ? 'oobm.toml' : FROM[source] },
    hasNextPassphrase: nextPassphrase !== undefined,
    isConnected: connection?.ssid === ssid,
  }))
}

export function describeNetworks(rows: readonly NetworkRow[], { name, connection }: Now, paint: Paint): string[] {
  const now =
    connection === undefined
      ? `${name} is in no network`
      : `${name} is in ${paint.strong(shownName(connection.ssid))}${forTime(connection.forMs)}: ${signalOf(connection)}`
  if (rows.length === 0) return [now, 'The device knows no network; "sudo oobm wifi add SSID" adds one.']
  const list = rows.map(({ ssid, security, source, hidden, hasNextPassphrase, isConnected }, index) => [
    `  ${index + 1}`,
    isConnected ? paint.strong(shownName(ssid)) : shownName(ssid),
    hidden ? `${security}, hidden` : security,
    source,
    [
      ...(isConnected ? [connection?.isNext ? 'connected by its next passphrase' : 'connected'] : []),
      ...(hasNextPassphrase && !(isConnected && connection?.isNext) ? ['a next passphrase is ready'] : []),
    ].join(', '),
  ])
  return [now, '', ...alignColumns([['order', 'network', 'security', 'from', ''].map(paint.faint), ...list])]
}

/** The change that was made last, if it was one of networks. */
export function describeLast({ trial, outcomes }: SettingsRecord, nowMs: number, paint: Paint): string[] {
  if (trial?.byHand !== undefined)
    return [
      '',
      `${paint.strong('On trial')}: ${printable(trial.byHand)}, since ${describeAge(trial.since, nowMs)}: waits for ${printable(trial.cause)}`,
    ]
  const last = outcomes.findLast(({ byHand }) => byHand !== undefined)
  if (last === undefined) return []
  return [
    '',
    `Last change on trial: ${printable(last.byHand ?? '')}, ${describeAge(last.at, nowMs)}: ${describeOutcome(last, paint)}`,
  ]
}

export function describeOutcome({ result, detail }: Pick<SettingsOutcome, 'result' | 'detail'>, paint: Paint): string {
  if (result === 'confirmed') return `${paint.good('confirmed')}: a technician’s way in was proved, and it stays`
  return `${paint.bad(result)}: ${RESULTS[result]}${detail === '' ? '' : `: ${printable(detail)}`}`
}

export function describeReach(
  networks: readonly NetworkInReach[],
  known: readonly WifiConfig[],
  connection: Connection | undefined,
  paint: Paint,
): string[] {
  if (networks.length === 0) return ['No network is in reach.']
  const rows = networks.map(({ name, security, signalDbm, frequencyMhz, channels, accessPoints }) => {
    const ssid = nameText(name)
    const isKnown = known.some(network => network.ssid === ssid)
    return [
      shownName(name),
      describeSignal(signalDbm),
      security,
      `${channels.join(', ')} (${bandOf(frequencyMhz)})${accessPoints === 1 ? '' : `, ${accessPoints} access points`}`,
      connection !== undefined && connection.ssid === ssid ? paint.good('connected') : isKnown ? 'known' : '',
    ]
  })
  return alignColumns([['network', 'signal', 'security', 'channel', ''].map(paint.faint), ...rows])
}

function describeSecurity({ passphrase, security, eap }: Pick<WifiConfig, 'passphrase' | 'security' | 'eap'>): string {
  if (eap !== undefined) return `login (${eap.method.toUpperCase()})`
  if (passphrase === undefined) return security === 'wpa3' ? 'OWE' : 'open'
  return { auto: 'WPA2/WPA3', wpa2: 'WPA2', wpa3: 'WPA3' }[security]
}

function forTime(ms: number | undefined): string {
  return ms === undefined ? '' : ` for ${describeDuration(ms)}`
}

function signalOf({ signalDbm, frequencyMhz, keyManagement }: Connection): string {
  const signal = signalDbm === undefined ? [] : [describeSignal(signalDbm)]
  const channel = frequencyMhz === 0 ? [] : [`channel ${channelOf(frequencyMhz)} (${bandOf(frequencyMhz)})`]
  return [...signal, ...channel, printable(keyManagement)].join(', ')
}
