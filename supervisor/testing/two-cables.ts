/** A device with two cables between network namespaces, for tests of what happens when one fails. */
import { runProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { startField } from './field.ts'

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
export const RELAY = '192.0.2.1'
const CABLES = ['up1', 'up2'] as const
export type Cable = (typeof CABLES)[number]

/** A device with two cables, each a network of its own, that lead to one relay; the first has the lower metric. */
export async function twoCables(context: TestContext) {
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
    /** Namespaces. */
    hosts,
    field,
    plug,
    unplug: (cable: Cable) => ip('-n', hosts.device, 'link', 'set', cable, 'down'),
    /** Nothing that the device sends by it arrives, and its carrier is there. */
    kill: (cable: Cable) => nft(`add rule ip t c iifname ${cable} drop`),
    heal: () => nft('flush chain ip t c'),
  }
}
