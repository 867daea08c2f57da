/** The names by which somebody beside the board may ask for its page: another one is somebody else's (DNS rebinding). */
import { hostname } from 'node:os'
import { readSerial, serialName } from '../provision/board-serial.ts'

/** @returns in lower case, without a port */
export async function allowedHosts(address: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const serial = await readSerial(env.OOBM_ROOT ?? '/')
  const [short = ''] = hostname().split('.')
  const names = [short, ...(serial === undefined ? [] : [serialName(serial)])].filter(name => name !== '')
  return [address, ...names, ...names.map(name => `${name}.local`)].map(name => name.toLowerCase())
}

/** @param header what the client sent as `Host` */
export function isOwnHost(header: string | undefined, hosts: readonly string[]): boolean {
  const [, name = ''] = /^([a-z0-9.-]+?)\.?(?::\d{1,5})?$/i.exec(header ?? '') ?? []
  return hosts.map(withoutNumber).includes(withoutNumber(name.toLowerCase()))
}

/** systemd-resolved counts on in the number at the end of the host name while another host has that name (RFC 6762, 9). */
function withoutNumber(name: string): string {
  return name.replace(/\d+\.local$/, '.local')
}
