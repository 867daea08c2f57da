/** Two relays that a metadata address names: a tunnel to each at once, and a state for each. */
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePortPairs } from '../testbed/free-port.ts'
import { descendantsOf, signalProcess } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { startMobileNetwork } from './testing/mobile-network.ts'
import { operatorOf } from './testing/operator.ts'

const test = suite('userdata with several relays')

if (process.getuid?.() === 0) {
  test(
    'a tunnel to each at once; one that dies shows as that, and takes no other along',
    async context => {
      const scene = await startMobileNetwork(context)
      const { field, second, privateKey, publicKey, metadata, secondHost, modem, url } = scene
      const operator = await operatorOf(field)
      const [one = 0, two = 0] = await freePortPairs(2)
      // The same key for both: at the first relay it may hold other listeners than the device's own key.
      await appendFile(field.authorizedKeys, field.keyLine('dev1', one, publicKey))
      await writeFile(join(field.directory, 'authorized_keys2'), publicKey)
      const destinations = [
        { KeyMaterial: privateKey, HostName: secondHost, RemotePort: two },
        { KeyMaterial: privateKey, HostName: '192.0.2.1', RemotePort: one },
      ]
      await metadata.say(JSON.stringify({ ops: destinations }))
      const pinned = { host: secondHost, port: second.port, hostKeys: [second.hostKey.publicKey] }
      const device = await field.supervisor('a', {
        config: { userdata: { interface: modem, url, intervalS: 3_600, hosts: [pinned] } },
      })
      const both = await waitFor(
        'both tunnels to be proved',
        async () => {
          const status = await device.status()
          const beside = status?.userdata?.relays[1]?.beside
          const isFirst = status?.state === 'ready' && status.relay?.host === secondHost
          return isFirst && beside?.state === 'ready' && beside.provedAt !== null && status
        },
        { timeoutMs: 120_000 },
      )
      assert.is(both.userdata?.relays.length, 2)
      assert.is(both.userdata?.relays[0]?.beside, undefined, 'the first one’s state is that of the device')
      await waitFor('the relay of the further tunnel to have a report of it', async () =>
        /^dev1 +ready/m.test(await operator.run('status')),
      )

      // The first relay goes: that is the state of the device, and the further tunnel does not notice.
      for (const pid of [second.program.pid, ...(await descendantsOf(second.program.pid))])
        signalProcess(pid, 'SIGKILL')
      const after = await device.becomes('no-relay')
      assert.is(after.userdata?.relays[1]?.beside?.state, 'ready')
      const claims = device.program.output().match(/"msg":"connected, and claimed"/g)
      assert.is(claims?.length, 3, 'at the relay of the configuration, and at each that is named')
    },
    { timeoutMs: 280_000 },
  )
} else {
  test.skip('a tunnel to each at once', 'network namespaces need root')
}

test.run()
