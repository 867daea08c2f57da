/** Rules, dashboard and metrics against the real Prometheus: it scrapes a relay with a device that is in, and one that is lost. */
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ask, connection, OLD } from '../../relay-config/testing/device-commands.ts'
import { startFleetRelay } from '../../relay-config/testing/fleet-relay.ts'
import { freePort } from '../../testbed/free-port.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { dashboardJson } from './dashboard.ts'

const test = suite('with a real Prometheus')
const HERE = import.meta.dirname
const SLOW = { timeoutMs: 120_000 }
const PROMETHEUS_MS = 60_000

const REPORT = {
  ...{
    v: 1,
    state: 'ready',
    cause: '',
    sinceS: 9,
    proofS: 3,
    tookMs: 1,
    probeMs: 2,
    sessions: { shell: 1, console: 1 },
  },
  ...{ software: '1', uplink: 'wwan0', changes: [] },
  consoles: [
    { name: 'core-sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 4 }] },
    { name: 'core-sw2', open: false, cause: 'no adapter', who: [] },
  ],
  uplinks: [
    { name: 'eth0', kind: 'cable', metered: false, carries: false, provedS: 90_000, dayBytes: null, why: 'no carrier' },
    { name: 'wwan0', kind: 'modem', metered: true, carries: true, provedS: 3, dayBytes: 120_000, why: '' },
  ],
}
const ALERT = { event: 'alert', agoS: 0, fromS: 0, console: 'core-sw1', rule: 'ios-fan', count: 1, ref: '0123456789ab' }

/** A relay of `osaka` and `tokyo`; both are connected. */
async function relayWith(context: TestContext) {
  const [a, b] = [20_000 + Math.floor(Math.random() * 9_000) * 2, 40_000 + Math.floor(Math.random() * 9_000) * 2]
  const console = (name: string) => `[[devices.consoles]]\nname = "${name}"\npath = "/dev/serial/by-id/usb-${name}"`
  const rest = ['core-sw1', 'core-sw2'].map(console).join('\n')
  const directory = await scratchDirectory(context)
  const relay = await startFleetRelay({ directory, devices: { osaka: a, tokyo: b }, rest })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(relay.sshd.log)
  const fleet = join(directory, 'fleet.toml')
  await writeFile(fleet, relay.fleetText)
  const at = ['--state', join(relay.stateDirectory, '..'), '--fleet', fleet]
  const enter = async (device: string) => {
    const { master, claim } = await connection(context, relay, device)
    const channel = await claim(OLD)
    ask(channel, `report ${JSON.stringify(REPORT)}`)
    return { master, channel }
  }
  return { at, tokyo: await enter('tokyo'), osaka: await enter('osaka') }
}

async function startPrometheus(context: TestContext, target: string) {
  const directory = await scratchDirectory(context)
  await mkdir(join(directory, 'data'))
  await copyFile(join(HERE, 'oobm.rules.yml'), join(directory, 'oobm.rules.yml'))
  const lines = [
    'global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}',
    'rule_files: [oobm.rules.yml]',
    `scrape_configs: [{job_name: oobm, scrape_interval: 2s, scrape_timeout: 2s, static_configs: [{targets: ["${target}"]}]}]`,
  ]
  await writeFile(join(directory, 'prometheus.yml'), `${lines.join('\n')}\n`)
  const address = `127.0.0.1:${await freePort()}`
  const program = startProgram('prometheus', [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    ...[`--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=${address}`],
  ])
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  await program.says(/Server is ready to receive web requests/, PROMETHEUS_MS)
  return async (expr: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const body = (await response.json()) as { status: string; error?: string; data: { result: [] } }
    assert.is(body.status, 'success', `${expr}: ${body.error}`)
    return body.data.result
  }
}

test('promtool takes the rules, and each fires in its test', async () => {
  for (const args of [
    ['check', 'rules', join(HERE, 'oobm.rules.yml')],
    ['test', 'rules', join(HERE, 'oobm.rules.test.yml')],
  ]) {
    const { code, stdout, stderr } = await runProgram('promtool', args, { timeoutMs: 60_000 })
    assert.is(code, 0, stdout + stderr)
  }
})

test(
  'scrapes what a relay serves; each query of the dashboard has an answer, and a device that is lost is an alert',
  async context => {
    const { at, tokyo, osaka } = await relayWith(context)
    const lint = async () => {
      const { stdout } = await runProgram(process.execPath, [...programArgs('relay-config/main.ts'), 'metrics', ...at])
      return await runProgram('promtool', ['check', 'metrics'], { input: stdout })
    }
    await waitFor(
      'both reports',
      async () => (await lintless()).match(/oobm_device_proved\{device="\w+"\} 1/g)?.length === 2,
    )
    async function lintless() {
      return (await runProgram(process.execPath, [...programArgs('relay-config/main.ts'), 'metrics', ...at])).stdout
    }
    const { code, stderr } = await lint()
    assert.equal([code, stderr], [0, ''], 'promtool finds the names by the conventions')

    const config = join(await scratchDirectory(context), 'events.toml')
    await writeFile(config, 'version = 1\n[[sinks]]\nname = "noc"\ncommand = ["true"]\n')
    const events = startProgram(process.execPath, [
      ...programArgs('relay-config/main.ts'),
      'events',
      '--config',
      config,
      ...at,
    ])
    context.cleanup(() => events.stop())
    context.onFailure(events.output)

    const listen = ['metrics', '--listen', '0', ...at]
    const server = startProgram(process.execPath, [...programArgs('relay-config/main.ts'), ...listen])
    context.cleanup(() => server.stop())
    context.onFailure(server.output)
    const [, target = ''] = await server.says(/listening on http:\/\/(127\.0\.0\.1:\d+)\/metrics/)
    const query = await startPrometheus(context, target)
    await waitFor('a scrape', async () => (await query('oobm_device_proved == 1')).length === 2, {
      timeoutMs: PROMETHEUS_MS,
    })

    ask(tokyo.channel, `event ${JSON.stringify(ALERT)}`)
    await osaka.master.stop()
    const lost = 'ALERTS{alertname="OobmDeviceLost"}'
    await waitFor('the alert', async () => (await query(lost)).length > 0, { timeoutMs: PROMETHEUS_MS })
    assert.equal(
      (await query(lost)).map(({ metric }) => [metric.device, metric.alertstate]),
      [['osaka', 'pending']],
    )
    assert.equal(
      (await query('oobm_device_state')).map(({ metric }) => `${metric.device} ${metric.state}`).toSorted(),
      ['osaka away', 'tokyo ready'],
    )
    const expressions = (
      JSON.parse(dashboardJson()) as { panels: { title: string; targets: { expr: string }[] }[] }
    ).panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$device', '.*') })),
    )
    for (const { title, expr } of expressions) {
      await waitFor(`an answer for "${title}": ${expr}`, async () => (await query(expr)).length > 0, {
        timeoutMs: PROMETHEUS_MS,
      })
    }
    const one = async (title: string) =>
      (await query(expressions.find(one => one.title === title)?.expr ?? '')).map(({ value }) => value[1])
    assert.equal([await one('Proved'), await one('Lost'), await one('Consoles closed')], [['1'], ['1'], ['1']])
    const rules = readFileSync(join(HERE, 'oobm.rules.yml'), 'utf8').split('- alert:').length - 1
    assert.is(rules, 18)

    const port = Number(target.split(':')[1])
    const other = await runProgram(process.execPath, [
      ...programArgs('relay-config/main.ts'),
      ...listen.with(2, String(port)),
    ])
    assert.is(other.code, 69, other.stderr)
    assert.match(other.stderr, /^cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/)
    for (const [path, status] of [
      ['/', 200],
      ['/metrics/x', 404],
    ] as const) {
      assert.is((await fetch(`http://${target}${path}`)).status, status, path)
    }
    assert.is((await fetch(`http://${target}/metrics`, { method: 'POST' })).status, 405)
    assert.is((await server.stop()).code, 0)
  },
  SLOW,
)

test.run()
