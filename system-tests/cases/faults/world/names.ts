/** The names of a world: a real name server on its router, and the resolv.conf that leads to it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../../../runtime/write-atomically.ts'
import type { Host } from '../../../machine/host.ts'
import { ADDRESS, RELAY_NAMES } from './network.ts'

export interface Names {
  /** What the server does with a question. */
  mode(mode: 'answer' | 'silent' | 'failing'): Promise<void>
  /** Gives a name other addresses. */
  point(name: string, addresses: readonly string[]): Promise<void>
  /** Ends the server: its port then refuses. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** The name server of each; before the hosts are started, as they mount these files. */
export async function writeResolvConf(folder: string): Promise<void> {
  await writeFile(join(folder, 'resolv.conf'), `nameserver ${ADDRESS.names}\n`)
  await deviceAsks(folder, ADDRESS.names)
}

/** The same file is written again: a bind mount of it shows. */
export async function deviceAsks(folder: string, server: string): Promise<void> {
  await writeFile(join(folder, 'device-resolv.conf'), `nameserver ${server}\n`)
}

export async function startNames(router: Host, folder: string): Promise<Names> {
  const zone = {
    mode: 'answer',
    names: Object.fromEntries(
      RELAY_NAMES.map((name, at): [string, readonly string[]] => [name, [ADDRESS.relays[at] ?? '']]),
    ),
  }
  const file = join(folder, 'zone.json')
  const write = () => writeAtomically(file, JSON.stringify(zone), 0o644)
  let stop = async () => {}
  const start = async () => {
    const server = router.start('python3', [
      join(import.meta.dirname, 'dns-server.py'),
      ...[file, ADDRESS.names, ADDRESS.names6],
    ])
    await server.says(/^ready$/m)
    stop = async () => void (await server.stop(0))
  }
  await write()
  await start()
  return {
    start,
    stop: () => stop(),
    mode: async mode => {
      zone.mode = mode
      await write()
    },
    point: async (name, addresses) => {
      zone.names[name] = addresses
      await write()
    },
  }
}
