/** A relay that a metadata address names: reached over the modem alone, on trial, proved and kept, with a key that nobody sees. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePortPair } from '../testbed/free-port.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import type { Supervisor } from './testing/field.ts'
import { startMobileNetwork } from './testing/mobile-network.ts'

const test = suite('userdata')

const userdataOf = async (device: Supervisor) => (await device.status())?.userdata

/** Every file that holds a text, below a folder. */
async function holding(folder: string, text: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const found: string[] = []
  for (const file of files) if ((await readFile(file).catch(() => Buffer.alloc(0))).includes(text)) found.push(file)
  return found
}

if (process.getuid?.() === 0) {
  test(
    'an unpinned relay is refused in words; a pinned one is proved with the key of the userdata, and kept',
    async context => {
      const scene = await startMobileNetwork(context)
      const { field, second, privateKey, publicKey, metadata, bait, secondHost, modem, url } = scene
      const listener = await freePortPair()
      await writeFile(join(field.directory, 'authorized_keys2'), publicKey)
      const ops = (HostName: string) =>
        JSON.stringify({ ops: { KeyMaterial: privateKey, HostName, RemotePort: listener } })
      await metadata.say(ops('192.0.2.77'))
      const pinned = { host: secondHost, port: second.port, hostKeys: [second.hostKey.publicKey] }
      const device = await field.supervisor('a', {
        config: { userdata: { interface: modem, url, intervalS: 60, hosts: [pinned] } },
      })
      await device.becomes('ready')
      await waitFor(
        'the refusal',
        async () => /no host key of 192\.0\.2\.77 is pinned/.test((await userdataOf(device))?.fault ?? ''),
        {
          timeoutMs: 60_000,
        },
      )
      assert.equal((await userdataOf(device))?.relays, [])
      assert.is((await device.status())?.relay?.host, '192.0.2.1', 'the relay in use stays')

      await metadata.say(ops(secondHost))
      const status = await waitFor(
        'the second relay to be proved',
        async () => {
          const now = await device.status()
          return now?.state === 'ready' && now.relay?.host === secondHost && now.userdata?.trial === null && now
        },
        { timeoutMs: 120_000 },
      )
      assert.equal(
        status.userdata?.relays.map(({ relay, remotePort }) => [relay, remotePort]),
        [[`${secondHost}:${second.port}`, listener]],
      )
      assert.is(status.userdata?.fault, '')
      assert.not(/asked/.test(bait.server.output()), 'it was asked over the modem, whatever the routes are')
      assert.match(metadata.server.output(), /asked GET \/v1\/userdata for 198\.51\.100\.1:/)

      // What nobody may see.
      const [, , line = ''] = privateKey.split('\n')
      const places = await holding(join(field.directory, 'a'), line)
      assert.equal(places, [join(device.state, 'userdata.json')])
      assert.is((await stat(join(device.state, 'userdata.json'))).mode & 0o777, 0o600)
      assert.not(device.program.output().includes(line), 'the journal')
      assert.not(JSON.stringify(status).includes(line))

      // It outlives a power cut, and a metadata address that is gone.
      await device.crash()
      await metadata.server.stop()
      const again = await device.restart()
      const after = await again.becomes('ready')
      assert.is(after.relay?.host, secondHost)
      await waitFor(
        'the look that fails',
        async () => /refuses connections/.test((await userdataOf(again))?.fault ?? ''),
        {
          timeoutMs: 60_000,
        },
      )
      assert.is((await again.status())?.relay?.host, secondHost)
    },
    { timeoutMs: 280_000 },
  )
} else {
  test.skip('an unpinned relay is refused in words', 'network namespaces need root')
}

test.run()
