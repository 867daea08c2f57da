/** What can be seen of a wireless interface without any right: its link, its addresses, and whether its gateway answers. */
import { createSocket } from 'node:dgram'
import { access, readdir, readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import * as z from 'zod'

/** As the end of a sentence about the interface; `undefined` where its gateway answers. */
export type Blocked = string | undefined

/** discard (RFC 863): what is sent there means nothing to anybody; the kernel asks for the gateway's address first. */
const DISCARD_PORT = 9
/** Milliseconds for ip(8). */
const LIMIT_MS = 10_000

const routesSchema = z.array(z.object({ gateway: z.string().optional() }))
const neighboursSchema = z.array(z.object({ dst: z.string(), state: z.array(z.string()).default([]) }))

/** Wireless interfaces that are there. */
export async function wirelessNames(sysfs: string): Promise<string[]> {
  const folder = join(sysfs, 'class/net')
  const names = await readdir(folder).catch(() => [])
  const are = await Promise.all(names.map(name => isThere(join(folder, name, 'phy80211'))))
  return names.filter((_, index) => are[index])
}

/** Whether `oobm provision` has made its login to the site's networks: others’ radios are none of our business. */
export function hasLogin(name: string, provisioningDirectory: string): Promise<boolean> {
  return isThere(join(provisioningDirectory, `wpa_supplicant-${name}.conf`))
}

/**
 * Looks, and makes the kernel ask its gateways for their hardware addresses (ARP, ND): the next look shows whether they answered.
 * @param name an interface of ours that is, or was, wireless
 */
export async function lookAtRadio(name: string, sysfs: string): Promise<Blocked> {
  const folder = join(sysfs, 'class/net', name)
  if (!(await isThere(folder))) return 'is gone'
  const state = await readFile(join(folder, 'operstate'), 'utf8').catch(() => '')
  if (!/^(?:up|unknown)$/.test(state.trim())) return 'is in no network'
  if (addressesOf(name).length === 0) return 'has no address'
  const gateways = [...(await gatewaysOf(name, '-4')), ...(await gatewaysOf(name, '-6'))]
  // A network without one is somebody's decision.
  if (gateways.length === 0) return undefined
  const neighbours = neighboursSchema.parse(await ip('neigh', 'show', 'dev', name))
  const answers = gateways.some(gateway => neighbours.some(({ dst, state }) => dst === gateway && isAnswer(state)))
  await Promise.all(gateways.map(gateway => touch(isIPv6(gateway) ? `${gateway}%${name}` : gateway)))
  return answers ? undefined : 'gets no answer from its gateway'
}

/** Others than those that never leave the link. */
export function addressesOf(name: string): string[] {
  return (networkInterfaces()[name] ?? [])
    .map(({ address }) => address)
    .filter(address => !/^(?:fe80:|169\.254\.)/.test(address))
}

/** ip-neighbour(8): the others say that nobody has answered. */
function isAnswer(states: readonly string[]): boolean {
  return states.length > 0 && !states.includes('FAILED') && !states.includes('INCOMPLETE')
}

async function gatewaysOf(name: string, family: '-4' | '-6'): Promise<string[]> {
  const routes = routesSchema.parse(await ip(family, 'route', 'show', 'default', 'dev', name))
  return routes.flatMap(({ gateway }) => gateway ?? [])
}

async function ip(...args: string[]): Promise<unknown> {
  const { stdout } = await spawn('ip', ['-j', ...args], { timeout: LIMIT_MS })
  return stdout.trim() === '' ? [] : JSON.parse(stdout)
}

/** Never fails: an address that cannot be reached is what is asked. */
function touch(address: string): Promise<void> {
  return new Promise(resolve => {
    const socket = createSocket(isIPv6(address.replace(/%.*/, '')) ? 'udp6' : 'udp4')
    const end = () => socket.close(() => resolve())
    socket.once('error', end)
    socket.send('', DISCARD_PORT, address, end)
  })
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
