/** nft, ip, tc and the kernel's settings: the one place where this program changes the machine. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { errorCode } from '../runtime/errors.ts'
import type { Route } from './choose-uplink.ts'
import { HANDLES } from './render-traffic.ts'

/** Milliseconds for one of these programs: a board that swaps takes seconds. */
const TOOL_MS = 15_000

/** @throws an error that says what the program said */
export function runTool(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
    const child = execFile(program, args, { timeout: TOOL_MS, env, maxBuffer: 4 << 20 }, (err, stdout, stderr) => {
      if (!err) return resolve(stdout)
      const why = errorCode(err) === 'ENOENT' ? `there is no ${program}; install it` : stderr.trim().split('\n')[0]
      reject(new Error(`${program} ${args.slice(0, 2).join(' ')}: ${why || err.message}`))
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}

const routeSchema = z.array(
  z.object({
    dst: z.string(),
    gateway: z.string().optional(),
    dev: z.string().optional(),
    metric: z.number().optional(),
    flags: z.array(z.string()).optional(),
    type: z.string().optional(),
  }),
)

/** IPv4 routes of a table that lead over an interface. */
export async function readRoutes(table = 'main'): Promise<Route[]> {
  // An empty table is an error of ip-route(8).
  const text = await runTool('ip', ['-j', '-4', 'route', 'show', 'table', table]).catch(() => '[]')
  return routeSchema
    .parse(JSON.parse(text || '[]'))
    .flatMap(({ dev, type, ...route }) =>
      dev === undefined || (type ?? 'unicast') !== 'unicast' ? [] : { ...route, dev },
    )
}

export async function hasAddress(interfaceName: string, address: string): Promise<boolean> {
  const text = await runTool('ip', ['-o', '-4', 'address', 'show', 'dev', interfaceName]).catch(() => '')
  return text.includes(` inet ${address}/`)
}

/** Of the hosts' own table and the rules that lead to it: above those of most programs, below the kernel's own. */
const RULE_PREFERENCE = 7740

/** One table for each address, with a number that nobody else has by chance. */
function tableNumber(address: string): string {
  const [, second = 0, third = 0, fourth = 0] = address.split('.').map(Number)
  return String(2 ** 30 + second * 2 ** 16 + third * 2 ** 8 + fourth)
}

/** Rules for what comes in from the hosts, and for the questions of the DNS server; each with the table. */
function ruleArgs(table: string, interfaceName: string, dnsUid: number | undefined): string[] {
  const end = `lookup ${table} pref ${RULE_PREFERENCE}`
  return [`iif ${interfaceName} ${end}`, ...(dnsUid === undefined ? [] : [`uidrange ${dnsUid}-${dnsUid} ${end}`])]
}

/** Makes the table what it is to be; what is so already is not touched, as each change is an event for everybody. */
export async function setHostRoutes(
  { address, interface: interfaceName }: { address: string; interface: string },
  dnsUid: number | undefined,
  routes: readonly string[],
): Promise<void> {
  const table = tableNumber(address)
  const rules = (await runTool('ip', ['-4', 'rule', 'show', 'pref', String(RULE_PREFERENCE)])).split('\n')
  const wanted = ruleArgs(table, interfaceName, dnsUid)
  const has = (rule: string) =>
    rules.some(line => line.replace(' [detached]', '').includes(rule.split(' pref ')[0] ?? rule))
  const present = (await runTool('ip', ['-4', 'route', 'show', 'table', table]).catch(() => ''))
    .split('\n')
    .map(line =>
      line
        .replace(/( linkdown| dead)+/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter(line => line !== '')
  const batch = [
    ...routes.filter(route => !present.includes(shown(route))).map(route => `route replace ${route} table ${table}`),
    ...present
      .filter(line => !routes.some(route => shown(route) === line))
      .map(line => `route del ${line} table ${table}`),
    ...wanted.filter(rule => !has(rule)).map(rule => `rule add ${rule}`),
  ]
  if (batch.length > 0) await runTool('ip', ['-4', '-batch', '-'], `${batch.join('\n')}\n`)
}

/** As ip-route(8) shows it. */
function shown(route: string): string {
  return route.replace(/^0\.0\.0\.0\/0/, 'default')
}

/** Removes the rules, and the table. */
export async function removeHostRoutes(address: string): Promise<void> {
  const table = tableNumber(address)
  const rules = await runTool('ip', ['-4', 'rule', 'show', 'table', table]).catch(() => '')
  const count = rules.split('\n').filter(line => line.startsWith(`${RULE_PREFERENCE}:`)).length
  for (let at = 0; at < count; at++) await runTool('ip', ['-4', 'rule', 'del', 'table', table]).catch(() => {})
  await runTool('ip', ['-4', 'route', 'flush', 'table', table]).catch(() => {})
}

const qdiscSchema = z.array(z.object({ kind: z.string(), handle: z.string(), root: z.boolean().optional() }))

export type RootQueue = 'ours' | 'default' | { foreign: string }

export async function rootQueue(device: string): Promise<RootQueue> {
  const text = await runTool('tc', ['-j', 'qdisc', 'show', 'dev', device])
  const root = qdiscSchema.parse(JSON.parse(text || '[]')).find(qdisc => qdisc.root)
  if (root === undefined || root.handle === '0:') return 'default'
  return Object.values<string>(HANDLES).includes(root.handle) ? 'ours' : { foreign: root.kind }
}

export async function setQueue(device: string, commands: readonly string[]): Promise<void> {
  // Replaced by another kind or shape, it would keep classes of before.
  if ((await rootQueue(device)) === 'ours') await removeQueue(device)
  await runTool('tc', ['-batch', '-'], `${commands.join('\n')}\n`)
}

/** Removes ours; the kernel puts its default there. */
export async function removeQueue(device: string): Promise<void> {
  const root = await rootQueue(device).catch(() => 'default' as const)
  if (root === 'ours') await runTool('tc', ['qdisc', 'del', 'dev', device, 'root'])
}

function forwardingPath(name: string): string {
  return `/proc/sys/net/ipv4/conf/${name}/forwarding`
}

/** @returns whether it was off */
export function openForwarding(name: string): boolean {
  if (readFileSync(forwardingPath(name), 'utf8').trim() === '1') return false
  writeFileSync(forwardingPath(name), '1')
  return true
}

export function closeForwarding(name: string): void {
  try {
    writeFileSync(forwardingPath(name), '0')
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw err
  }
}

export function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

const tableSchema = z.object({
  nftables: z.array(
    z.looseObject({
      counter: z.object({ name: z.string(), packets: z.number(), bytes: z.number() }).optional(),
      set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
    }),
  ),
})

export interface TableReading {
  counters: Record<string, { packets: number; bytes: number }>
  /** Addresses in the set of DHCP servers. */
  servers: string[]
}

/** @returns undefined where there is no such table: somebody flushed the rules */
export async function readTable(table: string): Promise<TableReading | undefined> {
  const text = await runTool('nft', ['-j', 'list', 'table', 'inet', table]).catch(() => undefined)
  if (text === undefined) return undefined
  const { nftables } = tableSchema.parse(JSON.parse(text))
  const counters = Object.fromEntries(nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter]] : [])))
  const elements = nftables.flatMap(({ set }) => set?.elem ?? [])
  return { counters, servers: elements.flatMap(element => /(\d+\.){3}\d+/.exec(JSON.stringify(element))?.[0] ?? []) }
}
