/** A board for tests: a root folder, a boot partition beside it, and the operator's file for it. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfigInput } from '../../../formats/device-config.ts'
import { stringifyProvisioning } from '../../../formats/provisioning.ts'
import type { SiteInput } from '../../../formats/site-config.ts'
import { type KeyPair, makeKey } from '../../../testbed/make-key.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'

export const SERIAL = '00000000a1b2c3d4'

export interface Board {
  root: string
  boot: string
  keys: Record<'relay' | 'bridge' | 'shell' | 'alice', KeyPair>
  /** What the operator issues for it. */
  issue(config?: Partial<DeviceConfigInput>, site?: SiteInput): string
  put(name: string, content: string | Uint8Array): Promise<void>
  /** The content of a file of the boot partition; undefined when there is none. */
  note(name: string): Promise<string | undefined>
  /** The content of a file below the root; undefined when there is none. */
  read(path: string): Promise<string | undefined>
}

export async function makeBoard(context: TestContext): Promise<Board> {
  const directory = await scratchDirectory(context)
  const [root, boot] = [join(directory, 'root'), join(directory, 'boot')]
  await mkdir(join(root, 'proc/device-tree'), { recursive: true })
  await mkdir(join(root, 'usr/share/zoneinfo/Asia'), { recursive: true })
  await mkdir(boot)
  await writeFile(join(root, 'proc/device-tree/serial-number'), `${SERIAL}\0`)
  for (const zone of ['UTC', 'Asia/Tokyo']) await writeFile(join(root, 'usr/share/zoneinfo', zone), 'TZif2')
  const keys: Board['keys'] = {
    relay: await makeKey(directory, 'relay'),
    bridge: await makeKey(directory, 'bridge'),
    shell: await makeKey(directory, 'shell'),
    alice: await makeKey(directory, 'alice'),
  }
  const readIfThere = (path: string) => readFile(path, 'utf8').catch(() => undefined)
  return {
    ...{ root, boot, keys },
    issue: (config = {}, site = {}) =>
      stringifyProvisioning(
        {
          version: 1,
          device: 'tokyo-rack1',
          relays: [{ host: 'relay.example.net', user: 'oobm', hostKeys: [keys.relay.publicKey] }],
          listenerPort: 20100,
          bridge: { hostKey: keys.bridge.publicKey },
          consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB0' }],
          technicians: [{ name: 'alice', keys: [keys.alice.publicKey], shell: true }],
          ...config,
        },
        { relayKey: keys.relay.privateKey, bridgeHostKey: keys.bridge.privateKey, shellHostKey: keys.shell.privateKey },
        site,
      ),
    put: (name, content) => writeFile(join(boot, name), content),
    note: name => readIfThere(join(boot, name)),
    read: path => readIfThere(join(root, path)),
  }
}

/** Whether any file of a folder holds a private key or a Wi-Fi passphrase. */
export async function holdsSecrets(directory: string): Promise<boolean> {
  const names = await readdir(directory)
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'latin1')))
  return texts.some(text => /PRIVATE KEY|passphrase|hush/.test(text))
}
