/** What `oobm-relay … --json` really prints, against the schemas of the package: with an independent validator, and nothing unnamed. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { commandsOf, everyCommand } from '../cli/command.ts'
import { formatRequest } from '../formats/enrolment.ts'
import { PROGRAM } from '../relay-config/operator/commands/all-commands.ts'
import { readSiteKeys } from '../relay-config/operator/enrolment/site-keys.ts'
import { ask, connection, OLD, SLOW } from '../relay-config/testing/device-commands.ts'
import { startFleetRelay } from '../relay-config/testing/fleet-relay.ts'
import { freePortPair } from '../testbed/free-port.ts'
import { makeKey } from '../testbed/make-key.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { schemaComplaint } from '../testbed/schema-complaint.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { relaySchemas } from './output-schemas.ts'

const test = suite('what --json prints')

const REPORT = {
  ...{
    v: 1,
    state: 'no-console',
    cause: 'x',
    sinceS: 9,
    proofS: 3,
    proofBy: 'login',
    tookMs: 1.5,
    probeMs: 2,
    pingS: 15,
  },
  ...{ sessions: { shell: 1, console: 1 }, software: '1', uplink: 'eth0', way: 'tls' },
  consoles: [
    { name: 'core-sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 4 }], outputS: 5 },
    { name: 'core-sw2', open: false, cause: 'no adapter', who: [], outputS: null },
  ],
  uplinks: [{ name: 'eth0', kind: 'cable', metered: false, carries: true, provedS: 3, dayBytes: null, why: '' }],
  portals: [{ uplink: null, page: 'http://x/', agoS: 3 }],
  changes: [{ agoS: 9, state: 'ready', cause: '' }],
}

test('each command of oobm-relay with --json has a schema', () => {
  const printing = everyCommand(commandsOf(PROGRAM)).filter(
    ([, { options }]) => options !== undefined && 'json' in options,
  )
  const names = new Set(relaySchemas().keys())
  assert.equal(
    printing.map(([path]) => path).filter(path => !names.has(path)),
    [],
  )
})

test(
  'what each command prints is as its schema says, and a document that is not is found',
  async context => {
    const directory = await scratchDirectory(context)
    const consoles = ['core-sw1', 'core-sw2'].map(
      name => `[[devices.consoles]]\nname = "${name}"\npath = "/dev/serial/by-id/usb-${name}"`,
    )
    const signer = await makeKey(directory, 'signer')
    const rest = `${consoles.join('\n')}
[[technicians]]\nname = "alice"\nkeys = ["KEY_OF_alice"]\nconsoles = "all"\nshells = "all"
[settings]\nsigners = ["${signer.publicKey}"]`
    const relay = await startFleetRelay({ directory, devices: { tokyo: await freePortPair() }, rest })
    context.cleanup(() => relay.sshd.stop())
    const fleet = join(directory, 'fleet.toml')
    await writeFile(fleet, relay.fleetText)
    const state = join(relay.stateDirectory, '..')
    const run = async (...args: string[]) => {
      const all = [...programArgs('relay-config/main.ts'), ...args, '--fleet', fleet]
      const { code, stdout, stderr } = await runProgram(process.execPath, all)
      // What is printed counts, and not how the device is.
      assert.ok(code === 0 || code === 69, `${args.join(' ')}: ${code} ${stderr}`)
      return stdout
    }
    const channel = await (await connection(context, relay, 'tokyo')).claim(OLD)
    ask(channel, `report ${JSON.stringify(REPORT)}`)
    ask(
      channel,
      'event {"event":"alert","agoS":0,"fromS":9,"console":"core-sw1","rule":"r","count":2,"typist":"bob","text":"t","ref":"a1"}',
    )
    ask(
      channel,
      'event {"event":"break","agoS":0,"console":"core-sw1","technician":"alice","address":"192.0.2.1","detail":"400 ms"}',
    )
    ask(channel, 'session {"console":"core-sw1","technician":"alice","fromS":9,"toS":0}')
    await run('off', 'tokyo', '--for', '2h', '--reason', 'a test', '--state', state).catch(() => '')
    await waitFor('the session', async () => (await run('history', '--json', '--state', state)).includes('"session"'))

    // A board that waits, as it would have sent it.
    await run('enrolment', 'open', 'site', '--boards', '2', '--until', '2099-01-31')
    const { siteSecret } = await readSiteKeys(join(directory, 'secrets'), 'site')
    const [relayKey, bridgeHostKey, shellHostKey] = [
      (await makeKey(directory, 'b1')).publicKey,
      (await makeKey(directory, 'b2')).publicKey,
      (await makeKey(directory, 'b3')).publicKey,
    ]
    const adapters = [{ usb: '1-1.2', product: 'FT232R', serial: 'A1' }]
    const board = {
      relayKey,
      bridgeHostKey,
      shellHostKey,
      site: 'site',
      board: '10000000abcdef01',
      software: '1',
      adapters,
    }
    const requests = join(state, 'enrolments/site')
    await mkdir(requests, { recursive: true })
    const [, key = ''] = /key = "ssh-ed25519 (\S+)"\nboards/.exec(await readFile(fleet, 'utf8')) ?? []
    await writeFile(join(requests, 'key'), `${key}\n`)
    await writeFile(join(requests, `${'a'.repeat(64)}.request`), formatRequest(board, siteSecret))

    const printed: Record<string, unknown[]> = {
      status: [
        JSON.parse(await run('status', '--json', '--state', state)),
        JSON.parse(await run('status', 'tokyo', '--json', '--state', state)),
      ],
      list: await Promise.all(
        ['', 'devices', 'consoles', 'technicians'].map(async what =>
          JSON.parse(await run('list', ...(what === '' ? [] : [what]), '--json')),
        ),
      ),
      trend: [JSON.parse(await run('trend', 'tokyo', '--json', '--state', state))],
      history: linesOf(await run('history', '--json', '--state', state)),
      'settings show': linesOf(await run('settings', 'show', 'tokyo', '--json', '--state', state)),
      pending: linesOf(await run('pending', '--json', '--state', state)),
    }
    const strict = relaySchemas(true)
    const published = relaySchemas()
    // Events are sent, and not printed; what comes from devices has a test there.
    const others = [...strict.keys()].filter(name => !/^(events|wifi.*)$/.test(name))
    assert.equal(Object.keys(printed).toSorted(), others.toSorted())
    for (const [command, documents] of Object.entries(printed)) {
      assert.ok(documents.length > 0, `${command} printed nothing`)
      for (const schemas of [strict, published])
        assert.is(await schemaComplaint(schemas.get(command) ?? {}, documents), '', command)
      const wrong = documents.map(one =>
        Array.isArray(one) ? [...one, { device: 7 }] : { ...(one as object), device: 7, name: 7 },
      )
      assert.not.equal(
        await schemaComplaint(published.get(command) ?? {}, wrong),
        '',
        `${command}: a wrong one is found`,
      )
      // A later version may add.
      const later = documents.map(one => (Array.isArray(one) ? one : { ...(one as object), news: 1 }))
      assert.is(await schemaComplaint(published.get(command) ?? {}, later), '', command)
    }
    assert.match(JSON.stringify(printed.status), /"outputS":5/, 'the status has a report')
  },
  SLOW,
)

const linesOf = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

test.run()
