import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type Supervisor, startField } from './testing/field.ts'

const test = suite('uplinks')

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
const RELAY = '192.0.2.1'
const CABLES = ['up1', 'up2'] as const
type Cable = (typeof CABLES)[number]

/** A device with two cables, each a network of its own, that lead to one relay; the first has the lower metric. */
async function startScene(context: TestContext) {
  const hosts = { relay: `oobm-r-${process.pid}`, device: `oobm-d-${process.pid}` }
  const run = async (...[program, ...args]: [string, ...string[]]) => {
    const { code, stderr } = await runProgram(program, args)
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  }
  const ip = (...args: string[]) => run('ip', ...args)
  for (const name of Object.values(hosts)) {
    await ip('netns', 'add', name)
    context.cleanup(() => ip('netns', 'delete', name))
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  await ip('-n', hosts.relay, 'address', 'add', `${RELAY}/32`, 'dev', 'lo')
  // As a site's router: an address of another network does not come in.
  await run('ip', 'netns', 'exec', hosts.relay, 'sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1')
  const plug = async (cable: Cable) => {
    const at = CABLES.indexOf(cable)
    await ip('-n', hosts.device, 'address', 'replace', `10.${at}.0.2/24`, 'dev', cable)
    await ip('-n', hosts.device, 'link', 'set', cable, 'up')
    const route = ['default', 'via', `10.${at}.0.1`, 'dev', cable, 'metric', `${100 * (at + 1)}`]
    await ip('-n', hosts.device, 'route', 'replace', ...route)
  }
  for (const [at, cable] of CABLES.entries()) {
    await ip('-n', hosts.relay, 'link', 'add', cable, 'type', 'veth', 'peer', 'name', cable, 'netns', hosts.device)
    await ip('-n', hosts.relay, 'address', 'add', `10.${at}.0.1/24`, 'dev', cable)
    await ip('-n', hosts.relay, 'link', 'set', cable, 'up')
    await plug(cable)
  }
  const nft = (...args: string[]) => run('ip', 'netns', 'exec', hosts.relay, 'nft', ...args)
  await nft('add table ip t; add chain ip t c { type filter hook prerouting priority 0; }')
  const field = await startField(context, {
    relayHost: RELAY,
    relay: { under: ['ip', 'netns', 'exec', hosts.relay], config: [`ListenAddress ${RELAY}`] },
    deviceUnder: ['ip', 'netns', 'exec', hosts.device],
  })
  return {
    field,
    plug,
    unplug: (cable: Cable) => ip('-n', hosts.device, 'link', 'set', cable, 'down'),
    /** Nothing that the device sends by it arrives, and its carrier is there. */
    kill: (cable: Cable) => nft(`add rule ip t c iifname ${cable} drop`),
    heal: () => nft('flush chain ip t c'),
  }
}

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
      const { field, kill, heal } = await startScene(context)
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
      await told('past', /"event":"uplink","agoS":\d+,"fromS":\d+,"detail":"up1 to up2, \d+ s without: /)
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
      const { field, plug, unplug } = await startScene(context)
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
