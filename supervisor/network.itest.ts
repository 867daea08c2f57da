import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('network')

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
const RELAY = '192.0.2.1'
const DEVICE = '192.0.2.2'

interface Hosts {
  relay: string
  device: string
  /** Runs ip(8) on one of them. */
  ip(host: string, ...args: string[]): Promise<void>
}

/** Two hosts with a cable between them. */
async function twoHosts(context: TestContext): Promise<Hosts> {
  const hosts = { relay: `oobm-r-${process.pid}`, device: `oobm-d-${process.pid}` }
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runProgram('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  for (const name of Object.values(hosts)) {
    await ip('netns', 'add', name)
    context.cleanup(() => ip('netns', 'delete', name))
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  await ip('-n', hosts.relay, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', hosts.device)
  await ip('-n', hosts.relay, 'address', 'add', `${RELAY}/24`, 'dev', 'cable')
  await ip('-n', hosts.device, 'address', 'add', `${DEVICE}/24`, 'dev', 'cable')
  for (const name of Object.values(hosts)) await ip('-n', name, 'link', 'set', 'cable', 'up')
  return { ...hosts, ip: (host, ...args) => ip('-n', host, ...args) }
}

/** The relay on one of them, the device on the other. */
async function fieldOfTwoHosts(context: TestContext) {
  const hosts = await twoHosts(context)
  const field = await startField(context, {
    relayHost: RELAY,
    relay: { under: ['ip', 'netns', 'exec', hosts.relay], config: [`ListenAddress ${RELAY}`] },
    deviceUnder: ['ip', 'netns', 'exec', hosts.device],
  })
  return { hosts, field }
}

if (process.getuid?.() === 0) {
  test(
    'says no-link when the cable is out, and heals when it is in again, by the event',
    async context => {
      const { hosts, field } = await fieldOfTwoHosts(context)
      const device = await field.supervisor('a')
      await device.becomes('ready')
      await hosts.ip(hosts.device, 'link', 'set', 'cable', 'down')
      await device.becomes('no-link', /no network interface has an address/)
      await hosts.ip(hosts.device, 'link', 'set', 'cable', 'up')
      await device.becomes('ready')
    },
    { timeoutMs: 120_000 },
  )

  test(
    'tells a relay that does not answer from a network that is not there',
    async context => {
      const { hosts, field } = await fieldOfTwoHosts(context)
      await hosts.ip(hosts.relay, 'address', 'delete', `${RELAY}/24`, 'dev', 'cable')
      const device = await field.supervisor('a')
      await device.becomes('no-relay', /does not answer: port \d+ may be blocked|no route/)
      await hosts.ip(hosts.relay, 'address', 'add', `${RELAY}/24`, 'dev', 'cable')
      await device.becomes('ready')
    },
    { timeoutMs: 120_000 },
  )
} else {
  test.skip('says no-link when the cable is out', 'network namespaces need root')
}

test.run()
