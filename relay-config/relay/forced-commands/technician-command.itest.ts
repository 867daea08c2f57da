/** What a technician's own key shows at the relay: the state of their devices, and nothing of others. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { deviceReportSchema, formatReport } from '../../../formats/control-protocol.ts'
import { freePortPairs } from '../../../testbed/free-port.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, SHELLS, SLOW } from '../../testing/device-commands.ts'
import { startFleetRelay } from '../../testing/fleet-relay.ts'

const test = suite('oobm-technician-command')
/** As a device sends it: the state comes before the changes, and its earlier name behind them. */
const REPORT = formatReport(
  deviceReportSchema.parse({
    ...{ v: 1, state: 'ready', cause: 'x', sinceS: 1, proofS: 3, tookMs: 1, probeMs: 1, uplink: 'eth0', consoles: [] },
    ...{ sessions: { shell: 0, console: 0 }, software: '1' },
    changes: [{ agoS: 9, state: 'no-relay', cause: 'y' }],
  }),
).slice('report '.length)

for (const [shell, path, shebang] of SHELLS) {
  if (!existsSync(path)) {
    test.skip(`in ${shell}`, `${path} is not here`)
    continue
  }
  test(
    `in ${shell}: says of each device whether it can be reached, what it reported, and who switched it off, why and until when`,
    async context => {
      const [tokyo = 0, osaka = 0] = await freePortPairs(2)
      const ports = { tokyo, osaka }
      const relay = await startFleetRelay({
        directory: await scratchDirectory(context),
        devices: ports,
        rest:
          '[[technicians]]\nname = "alice"\nkeys = ["KEY_OF_alice"]\nconsoles = []\nshells = ["osaka", "tokyo"]\n' +
          '[[technicians]]\nname = "bob"\nkeys = ["KEY_OF_bob"]\nconsoles = []\nshells = ["osaka"]\n',
        shebang,
      })
      context.cleanup(() => relay.sshd.stop())
      context.onFailure(relay.sshd.log)
      const shown = async (who: string, ...command: string[]) => {
        const { code, stdout, stderr } = await relay.ssh(who, ['-T', '-o', 'LogLevel=ERROR'], command[0])
        assert.is(stderr, '')
        assert.is(code, 0)
        return stdout
      }
      const sentence = 'This key opens consoles through the relay and runs nothing on it.'
      const unopened =
        'access is on, but the device cannot be reached here: it is not connected to this relay, or not proved yet'
      const none = 'it has not reported to this relay yet'
      assert.is(
        await shown('alice'),
        `${sentence} Use the ssh_config that came with it.\n\ntokyo: ${unopened}; ${none}\nosaka: ${unopened}; ${none}\n`,
      )
      assert.is(await shown('bob', 'devices'), `osaka: ${unopened}; ${none}\n`, 'what is not theirs is not named')

      const device = await connection(context, relay, 'osaka', ['-R', `127.0.0.1:${ports.osaka}:127.0.0.1:9`])
      const channel = await device.claim(OLD)
      const file = join(relay.stateDirectory, 'osaka/shown')
      const says = async (json: string, expected: RegExp) => {
        ask(channel, `report ${json}`)
        const reportOf = () => readFile(join(relay.stateDirectory, 'osaka/report.json'), 'utf8').catch(() => '')
        await waitFor('the report', async () => (await reportOf()) === `${json}\n`)
        await waitFor('what is shown of it', async () => expected.test(await shown('bob', 'devices')))
      }
      const said = (what: string) =>
        new RegExp(`^osaka: access is on, and the device can be reached here; \\d+ s ago it reported: ${what}\\n$`)
      await says('{"v":1,"word":"ready","cause":"x","sinceS":1,"proofS":90000}', said('ready, proved 25 h ago'))
      assert.is((await stat(file)).mode & 0o777, 0o644)
      await says(REPORT, said('ready, proved \\d+ s ago, by eth0'))
      const stateOf = async () => (await shown('bob', 'states')).replace(/\b(now|reported)=\d+/g, '$1=N')
      const [, provedAt = ''] = /^\S+ (\d+)/.exec(await readFile(file, 'utf8')) ?? []
      const first = `device=osaka port=${osaka} now=N`
      assert.is(
        await stateOf(),
        `${first} access=on open=yes state=ready proved=${provedAt} reported=N uplink=eth0 kind=- signal=-\n`,
      )
      await says('{"v":1,"word":"unproved","cause":"\\",\\"proofS\\":1","proofS":null}', said('unproved, not proved'))
      await says('{"word":"$(id) `id` \\u001b","proofS":"7"}', said('unknown, not proved'))
      // What oobm-login shows of consoles: the list, and no text of a device that looks like it.
      const consolesFile = join(relay.stateDirectory, 'osaka/consoles')
      const list = '[{"name":"sw1","open":true,"cause":"\\",\\"consoles\\":[","who":[],"outputS":3}]'
      await says(
        `{"v":1,"word":"ready","cause":"\\",\\"consoles\\":[1]","proofS":90000,"consoles":${list},"changes":[]}`,
        said('ready, proved 25 h ago'),
      )
      const written = async () => /^\d+ (.*)\n$/.exec(await readFile(consolesFile, 'utf8'))?.[1]
      await waitFor('the consoles', async () => (await written()) === list)
      assert.is((await stat(consolesFile)).mode & 0o777, 0o644)
      await says('{"v":1,"word":"ready","proofS":90000,"consoles":null,"changes":[]}', said('ready, proved 25 h ago'))
      await waitFor('no consoles', async () => (await written()) === '')
      await says('{"x":1}', said('unknown, not proved'))

      const maintenance = join(relay.stateDirectory, '../maintenance')
      await mkdir(maintenance)
      const off = async (json: string) => {
        await writeFile(join(maintenance, 'osaka.json'), `${json}\n`)
        return shown('bob', 'devices')
      }
      const until = Math.floor(Date.now() / 1000) + 3600
      const end = `${new Date(until * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
      assert.is(
        await off(`{"state":"off","until":${until},"at":1,"by":"ops","reason":"site \\"visit\\" \\\\ $(id) %s"}`),
        `osaka: access is off since 1970-01-01 00:00:01 UTC, switched off by ops, until ${end}: site "visit" \\ $(id) %s\n`,
      )
      const reason = `off=1 until=${until} by=ops reason=site "visit" \\ $(id) %s`
      assert.is(
        await stateOf(),
        `${first} access=off open=yes state=unknown proved=- reported=N uplink=- kind=- signal=- ${reason}\n`,
      )
      assert.is(
        await off('{"state":"off","until":null,"at":1,"by":"ops"}'),
        'osaka: access is off since 1970-01-01 00:00:01 UTC, switched off by ops, until it is switched on\n',
      )
      for (const over of [`{"state":"off","until":${until - 3600},"at":1,"by":"x"}`, '{"state":"on","until":null}', ''])
        assert.match(await off(over), said('unknown, not proved'))

      for (const command of ['claim', 'id', 'sh -i', 'devices ', 'devices;id', '\n']) {
        const { code, stdout } = await relay.ssh('bob', [], command)
        assert.equal([code, stdout], [1, `${sentence} Use the ssh_config that came with it.\n`], command)
      }
    },
    SLOW,
  )
}

test.run()
