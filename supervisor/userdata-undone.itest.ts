/** A relay that a metadata address names and that does not take the device: the earlier one carries on, and the reason is told. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePortPair } from '../testbed/free-port.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { startMobileNetwork } from './testing/mobile-network.ts'
import { operatorOf } from './testing/operator.ts'

const test = suite('userdata that is undone')

if (process.getuid?.() === 0) {
  test(
    'a key that the named relay does not accept: the earlier relay stays, and says why',
    async context => {
      const scene = await startMobileNetwork(context)
      const { field, second, privateKey, metadata, secondHost, modem, url } = scene
      const operator = await operatorOf(field)
      await writeFile(join(field.directory, 'authorized_keys2'), '')
      const listener = await freePortPair()
      await metadata.say(
        JSON.stringify({ ops: { KeyMaterial: privateKey, HostName: secondHost, RemotePort: listener } }),
      )
      const pinned = { host: secondHost, port: second.port, hostKeys: [second.hostKey.publicKey] }
      const device = await field.supervisor('a', {
        config: { userdata: { interface: modem, url, trialS: 60, hosts: [pinned] } },
      })
      await device.becomes('ready')
      const look = async () => (await device.status())?.userdata
      await waitFor('the trial', async () => (await look())?.trial?.phase === 'trial', { timeoutMs: 60_000 })
      // The relay of the configuration takes over at once: nobody waits for the end of the trial.
      await waitFor(
        'the earlier relay during the trial',
        async () => {
          const status = await device.status()
          return status?.state === 'ready' && status.relay?.host === '192.0.2.1' && status.userdata?.trial !== null
        },
        { timeoutMs: 40_000 },
      )
      const undone = await waitFor('the end of the trial', async () => (await look())?.undone, { timeoutMs: 130_000 })
      assert.match(
        undone.cause,
        /^no login came back through it within 1 min: 192\.0\.2\.2:\d+ does not accept the login \S+ with the key of its userdata$/,
      )
      assert.equal((await look())?.relays, [])
      const status = await device.becomes('ready')
      assert.is(status.relay?.host, '192.0.2.1')
      await waitFor('the relay to know why', async () =>
        /userdata undone, 192\.0\.2\.2 \(listener \d+\): no login came back/.test(
          await operator.run('history', 'dev1'),
        ),
      )
      const [, , line = ''] = privateKey.split('\n')
      for (const name of await readdir(device.state)) {
        assert.not((await readFile(join(device.state, name), 'utf8')).includes(line), name)
      }
      assert.not(device.program.output().includes(line))
    },
    { timeoutMs: 280_000 },
  )
} else {
  test.skip('a key that the named relay does not accept', 'network namespaces need root')
}

test.run()
