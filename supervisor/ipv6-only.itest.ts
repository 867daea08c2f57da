import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { behindNat64 } from '../runtime/nat64.ts'
import { runProgram } from '../testbed/run-program.ts'
import { startSshd } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PREFIX, RELAY, startIPv6Only } from './testing/ipv6-only.ts'

const test = suite('ipv6-only')

const NAMES = [`--host-record=four.test,${RELAY.ipv4}`, `--host-record=both.test,${RELAY.ipv4},${RELAY.ipv6}`]
const wellKnown = (prefix: string) => `--host-record=ipv4only.arpa,${prefix}c000:aa`
const DNS64 = wellKnown('2001:db8:64::')

const hasAll = ['tayga', 'dnsmasq'].every(program => spawnSync('which', [program]).status === 0)

if (process.getuid?.() === 0 && hasAll) {
  test(
    'a relay by a name with both, and by a name with IPv4 alone',
    async context => {
      const { field, to } = await startIPv6Only(context, { names: [...NAMES, DNS64] })
      for (const [name, nat64] of [
        ['both.test', null],
        ['four.test', PREFIX],
      ] as const) {
        const device = await field.supervisor('a', { config: to(name) })
        const { way, cause } = await device.becomes('ready')
        assert.is(way?.nat64, nat64, name)
        if (nat64) assert.match(cause, /through the NAT64 2001:db8:64::\/96$/)
        await device.program.stop()
      }
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a relay by its IPv4 address, over either uplink, and what oobm doctor says of it',
    async context => {
      const { field, to, kill, under } = await startIPv6Only(context, {
        cables: ['up1', 'up2'],
        names: [...NAMES, DNS64],
      })
      const device = await field.supervisor('a', { config: to(RELAY.ipv4) })
      await device.becomes('ready')
      const env = { OOBM_CONFIG: device.configFile, RUNTIME_DIRECTORY: device.runtime }
      const [command = '', ...args] = [
        ...under,
        process.execPath,
        '--import',
        'tsx',
        'device/main.ts',
        'doctor',
        '--json',
      ]
      const { stdout } = await runProgram(command, args, { env, timeoutMs: 90_000 })
      const { findings } = JSON.parse(stdout) as { findings: Record<'what' | 'result' | 'detail', string>[] }
      const told = findings.filter(({ what }) => what.startsWith('relay 192.0.2.1'))
      assert.match(
        told.find(({ what }) => / NAT64$/.test(what))?.detail ?? '',
        /192\.0\.2\.1 is 2001:db8:64::c000:201 here/,
      )
      assert.is(told.find(({ what }) => / host key$/.test(what))?.result, 'ok', JSON.stringify(told))
      const provedBy = (name: string) => async () =>
        (await device.status())?.uplinks?.find(uplink => uplink.name === name && uplink.provedAt !== null)
      await waitFor('a proof of the other uplink', provedBy('up2'), { timeoutMs: 60_000 })
      await kill('up1')
      await waitFor(
        'the other one to carry the tunnel',
        async () => {
          const status = await device.status()
          return status?.state === 'ready' && status.uplinks?.some(({ name, carries }) => carries && name === 'up2')
        },
        { timeoutMs: 60_000 },
      )
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a name server that lies leads to another server, and nothing is sent to it',
    async context => {
      const { field, to, router } = await startIPv6Only(context, { names: [wellKnown('2001:db8:3::')] })
      const liar = behindNat64('2001:db8:3::/96', RELAY.ipv4)
      await router.ip(`address add ${liar}/128 dev lo`)
      const other = await startSshd({
        directory: join(field.directory, 'other'),
        port: field.relay.port,
        authorizedKeys: [field.authorizedKeys],
        config: [`ListenAddress ${liar}`],
        under: router.under,
      })
      context.cleanup(() => other.stop())
      context.onFailure(other.log)
      const device = await field.supervisor('a', { config: to(RELAY.ipv4) })
      await device.becomes('refused', /shows host key .*, which is not the pinned one: nothing was sent to it/)
      assert.match(other.log(), /Connection from 2001:db8:1:1::2/)
      assert.not.match(other.log(), /Accepted|authenticating user|userauth/)
    },
    { timeoutMs: 200_000 },
  )
} else test.skip('in a network that has IPv6 alone', 'needs root, tayga and dnsmasq')

test.run()
