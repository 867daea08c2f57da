import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import type { Supervisor } from './testing/field.ts'
import { type Cable, twoCables } from './testing/two-cables.ts'

const test = suite('uplinks')

/** @returns the status when it is proved by that uplink */
function carriedBy(device: Supervisor, cable: Cable, timeoutMs = 60_000) {
  return waitFor(
    `${cable} to carry the tunnel`,
    async () => {
      const status = await device.status()
      if (status?.state !== 'ready' && status?.state !== 'in-use') return undefined
      return status.uplinks?.find(({ carries }) => carries)?.name === cable ? status : undefined
    },
    { timeoutMs },
  )
}

const uplinkOf = async (device: Supervisor, cable: Cable) =>
  (await device.status())?.uplinks?.find(({ name }) => name === cable)

if (process.getuid?.() === 0) {
  test(
    'proves the one that stands by, and goes over it when the other one is dead behind its carrier',
    async context => {
      const { field, kill, heal } = await twoCables(context)
      const device = await field.supervisor('a')
      await carriedBy(device, 'up1')
      await waitFor('a proof of the other uplink', async () => (await uplinkOf(device, 'up2'))?.provedAt, {
        timeoutMs: 60_000,
      })
      assert.is((await uplinkOf(device, 'up2'))?.why, 'stands by')
      await kill('up1')
      const fromMs = performance.now()
      await carriedBy(device, 'up2')
      process.stdout.write(
        ` (over the other uplink, and proved, after ${((performance.now() - fromMs) / 1000).toFixed(1)} s) `,
      )
      assert.match((await uplinkOf(device, 'up1'))?.why ?? '', /stopped answering over it|does not answer/)
      const told = (file: string, what: RegExp) =>
        waitFor(`the relay to know ${what}`, async () => {
          const text = await readFile(join(field.directory, 'oobm/state/dev1', file), 'utf8').catch(() => '')
          return what.test(text)
        })
      await told(
        'past',
        /"event":"uplink","agoS":\d+,"fromS":\d+,"ref":"uplink\.\d+","detail":"up1 to up2, \d+ s without: /,
      )
      await told('report.json', /"uplinks":\[\{"name":"up1",.*\{"name":"up2",[^}]*"carries":true,"provedS":\d/)
      await heal()
      await waitFor(
        'a proof of the first uplink',
        async () => {
          const first = await uplinkOf(device, 'up1')
          return /must be proved for 5 minutes/.test(first?.why ?? '') && first
        },
        { timeoutMs: 150_000 },
      )
      await device.becomes('ready')
    },
    { timeoutMs: 280_000 },
  )

  test(
    'a cable that is pulled leaves the other one, and one that is metered has the cellular intervals',
    async context => {
      const { field, plug, unplug } = await twoCables(context)
      const device = await field.supervisor('a', {
        config: { uplinks: [{ interface: 'up2', metered: true }] },
      })
      await carriedBy(device, 'up1')
      await unplug('up1')
      const { uplinks = [], connectedAt } = await carriedBy(device, 'up2')
      assert.equal(
        uplinks.map(({ name, metered, carries }) => [name, metered, carries]),
        [
          ['up1', false, false],
          ['up2', true, true],
        ],
      )
      assert.ok((uplinks[1]?.dayBytes ?? -1) >= 0)
      assert.match(uplinks[0]?.why ?? '', /no carrier/)
      const pluggedAt = Date.now()
      await plug('up1')
      await waitFor(
        'a proof of the first uplink',
        async () => {
          const first = await uplinkOf(device, 'up1')
          return /must be proved for 5 minutes/.test(first?.why ?? '') && (first?.provedAt ?? 0) > pluggedAt
        },
        { timeoutMs: 60_000 },
      )
      // The first uplink has the default route now, and the tunnel stays where it is: only what goes by its own uplink is answered.
      const status = await device.status()
      assert.is(status?.connectedAt, connectedAt)
      assert.is(status?.uplinks?.find(({ carries }) => carries)?.name, 'up2')
    },
    { timeoutMs: 200_000 },
  )
} else {
  test.skip('proves the one that stands by', 'network namespaces need root')
}

test.run()
