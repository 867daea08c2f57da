import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('captive portal')

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
const RELAY = '192.0.2.1'
const PAGE = 'http://portal.example/login?network=7'
const SERVER = `require('node:http').createServer((request, response) => {
  response.writeHead(302, { location: '${PAGE}' }).end()
}).listen(8080, () => console.log('listening'))`

/** A device in a network whose gateway answers all that it does not know yet with its own web server. */
async function startScene(context: TestContext) {
  const hosts = { relay: `oobm-r-${process.pid}`, device: `oobm-d-${process.pid}` }
  const run = async (...[program, ...args]: [string, ...string[]]) => {
    const { code, stderr } = await runProgram(program, args)
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  }
  const ip = (text: string) => run('ip', ...text.split(' '))
  for (const name of Object.values(hosts)) {
    await ip(`netns add ${name}`)
    context.cleanup(() => ip(`netns delete ${name}`))
    await ip(`-n ${name} link set lo up`)
  }
  await ip(`-n ${hosts.relay} address add ${RELAY}/32 dev lo`)
  await ip(`-n ${hosts.relay} link add up1 type veth peer name up1 netns ${hosts.device}`)
  for (const [at, name] of Object.values(hosts).entries()) {
    await ip(`-n ${name} address add 10.0.0.${at + 1}/24 dev up1`)
    await ip(`-n ${name} link set up1 up`)
  }
  await ip(`-n ${hosts.device} route add default via 10.0.0.1`)
  const under = { gateway: ['ip', 'netns', 'exec', hosts.relay], device: ['ip', 'netns', 'exec', hosts.device] }
  const [command = '', ...args] = [...under.gateway, process.execPath, '-e', SERVER]
  const server = startProgram(command, args)
  context.cleanup(() => server.stop())
  await server.says(/listening/)
  const field = await startField(context, {
    relayHost: RELAY,
    relay: { under: under.gateway, config: [`ListenAddress ${RELAY}`] },
    deviceUnder: under.device,
  })
  const nft = (...words: string[]) => run('ip', 'netns', 'exec', hosts.relay, 'nft', ...words)
  await nft('add table ip t; add chain ip t c { type nat hook prerouting priority -100; }')
  return {
    field,
    /** All TCP that the device sends ends at the gateway's web server. */
    close: () => nft('add rule ip t c iifname up1 meta l4proto tcp redirect to :8080'),
    /** Somebody has accepted what the page says. */
    accept: () => nft('flush chain ip t c'),
    oobm: async (env: NodeJS.ProcessEnv, ...words: string[]) => {
      const [program = '', ...rest] = [...under.device, process.execPath, '--import', 'tsx', 'device/main.ts', ...words]
      return (await runProgram(program, rest, { env, timeoutMs: 90_000 })).stdout
    },
  }
}

if (process.getuid?.() === 0) {
  test(
    'is named with its page until somebody has accepted it',
    async context => {
      const { field, close, accept, oobm } = await startScene(context)
      await close()
      const device = await field.supervisor('a')
      const { portals } = await device.becomes(
        'no-relay',
        /^a captive portal is in the way: http:\/\/portal\.example\/login\?network=7; 192\.0\.2\.1:\d+ is answered by something/,
        120_000,
      )
      assert.equal(
        portals?.map(({ page, interface: name }) => [page, name]),
        [[PAGE, null]],
      )
      const env = { OOBM_CONFIG: device.configFile, RUNTIME_DIRECTORY: device.runtime }
      assert.match(
        await oobm(env, 'status'),
        /portal +http:\/\/portal\.example\/login\?network=7, answered .* ago\n.*open that page/,
      )
      const { findings } = JSON.parse(await oobm(env, 'doctor', '--json'))
      const found = findings.find(({ what }: { what: string }) => what === 'captive portal')
      assert.match(
        found?.detail ?? '',
        /^http:\/\/portal\.example\/login\?network=7 answered in the relay's place, .* ago$/,
      )
      await accept()
      await device.becomes('ready', /./, 60_000)
      assert.is((await device.status())?.portals, undefined)
    },
    { timeoutMs: 270_000 },
  )
} else test.skip('is named with its page', 'network namespaces need root')

test.run()
