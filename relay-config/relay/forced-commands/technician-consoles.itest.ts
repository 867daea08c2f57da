/** What a technician's key learns at the relay of consoles: of their own, as reported, and as text alone. */
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { deviceReportSchema, formatReport } from '../../../formats/control-protocol.ts'
import { freePortPairs } from '../../../testbed/free-port.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, SHELLS, SLOW } from '../../testing/device-commands.ts'
import { startFleetRelay } from '../../testing/fleet-relay.ts'

const test = suite('consoles for a technician')

const who = (technician: string, types: boolean, forS: number) => ({ technician, types, forS })
const console = (name: string, more: object) => ({ name, open: true, cause: '', who: [], outputS: null, ...more })
const uplink = (name: string, kind: string, carries: boolean) => ({
  ...{ name, kind, metered: false, carries, provedS: 3, dayBytes: null, why: '' },
})

function reportOf(changes: object): string {
  const report = {
    ...{ v: 1, state: 'ready', cause: 'x', sinceS: 1, proofS: 3, tookMs: 1, probeMs: 1, uplink: 'eth0', software: '1' },
    ...{ sessions: { shell: 0, console: 0 }, changes: [], consoles: [], ...changes },
  }
  return formatReport(deviceReportSchema.parse(report)).slice('report '.length)
}

async function relayWith(context: TestContext, shebang: string) {
  const [tokyo = 0, osaka = 0] = await freePortPairs(2)
  const person = (name: string, consoles: string, shells = '[]') =>
    `[[technicians]]\nname = "${name}"\nkeys = ["KEY_OF_${name}"]\nconsoles = ${consoles}\nshells = ${shells}\n`
  const relay = await startFleetRelay({
    directory: await scratchDirectory(context),
    devices: { tokyo, osaka },
    rest: [
      ...['sw1', 'sw2'].map(name => `[[devices.consoles]]\nname = "${name}"\npath = "/dev/${name}"\n`),
      ...[person('alice', '"all"'), person('bob', '["sw1"]'), person('carol', '[]', '["osaka"]')],
    ].join(''),
    shebang,
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(relay.sshd.log)
  const listeners = ['-R', `127.0.0.1:${osaka}:127.0.0.1:9`, '-R', `127.0.0.1:${osaka + 1}:127.0.0.1:9`]
  const device = await connection(context, relay, 'osaka', listeners)
  const channel = await device.claim(OLD)
  const folder = join(relay.stateDirectory, 'osaka')
  const told = async (name: string, command: string) => {
    const { code, stdout, stderr } = await relay.ssh(name, ['-T', '-o', 'LogLevel=ERROR'], command)
    assert.equal([code, stderr], [0, ''])
    return stdout.split('\n').filter(line => line.includes('device=osaka') || line.startsWith('osaka:'))
  }
  return {
    ...{ folder, told, port: osaka },
    device,
    says: async (changes: object) => {
      const json = reportOf(changes)
      ask(channel, `report ${json}`)
      await waitFor('the report', async () => {
        const at = await readFile(join(folder, 'report.json'), 'utf8').catch(() => '')
        return at === `${json}\n` && /^\d+ \[/.test(await readFile(join(folder, 'consoles'), 'utf8').catch(() => ''))
      })
    },
    /** The consoles as they stand in the file, whatever a device may send. */
    writes: (json: string) => writeFile(join(folder, 'consoles'), `1000 ${json}\n`, 'latin1'),
  }
}

for (const [shell, path, shebang] of SHELLS) {
  if (!existsSync(path)) {
    test.skip(`in ${shell}`, `${path} is not here`)
    continue
  }
  test(
    `in ${shell}: who is on their own consoles, the last output, and by what the tunnel goes`,
    async context => {
      const { folder, told, says, port, device } = await relayWith(context, shebang)
      await says({
        consoles: [
          console('sw1', { who: [who('alice', true, 60), who('bob', false, 5)], outputS: 7 }),
          console('sw2', { open: false, cause: 'no adapter: "x" = y' }),
          console('spare-1', { who: [who('carol', true, 1)] }),
        ],
        ...{
          uplink: 'wlan0',
          signalDbm: -61,
          uplinks: [uplink('eth0', 'cable', false), uplink('wlan0', 'wifi', true)],
        },
      })
      const shown = await readFile(join(folder, 'shown'), 'utf8')
      const [, reported = 0] = (/^ready \d+ (\d+) wlan0 wifi -61\n$/.exec(shown) ?? []).map(Number)
      assert.is((await stat(join(folder, 'shown'))).mode & 0o777, 0o644)
      const [first = '', ...own] = await told('bob', 'consoles')
      assert.match(first, `device=osaka port=${port + 1} now=`)
      assert.match(first, / access=on open=yes state=ready .* uplink=wlan0 kind=wifi signal=-61$/)
      const people = `alice:types:${reported - 60},bob:watches:${reported - 5}`
      const sw1 = `console=sw1 device=osaka open=yes output=${reported - 7} who=${people} cause=`
      assert.equal(own, [sw1], 'of no other console')
      const sw2 = 'console=sw2 device=osaka open=no output=- who=- cause=no adapter: "x" = y'
      const [, ...all] = await told('alice', 'consoles')
      assert.equal(all.slice(0, 2), [sw1, sw2])
      assert.equal((await told('carol', 'consoles')).length, 1, 'a shell alone: no console')
      assert.match((await told('bob', 'devices')).join(), /proved \d+ s ago, by wlan0 \(wifi, -61 dBm\)$/)
      assert.equal((await told('bob', 'states')).length, 1)

      // The default route is another interface than the tunnel's: its signal is not the tunnel's.
      await says({ uplink: 'wlan0', signalDbm: -61, uplinks: [uplink('wwan0', 'cellular', true)] })
      assert.match((await told('bob', 'states')).join(), / uplink=wwan0 kind=cellular signal=-$/)
      await says({ uplink: null })
      assert.match((await told('bob', 'states')).join(), / uplink=- kind=- signal=-$/)
      await says({ consoles: [console('sw1', { who: [who('alice', true, 60)], outputS: 7 })] })
      assert.match((await told('bob', 'states')).join(), / uplink=eth0 kind=- signal=-$/)
      await device.master.stop()
      await waitFor('the listeners to be gone', async () => / open=no /.test((await told('bob', 'states')).join()))
      const [, gone = ''] = await told('bob', 'consoles')
      assert.match(gone, /^console=sw1 device=osaka open=- output=\d+ who=- cause=$/, 'nobody is on it any more')
    },
    SLOW,
  )

  test(
    `in ${shell}: what a device writes is text on one line, and nothing else`,
    async context => {
      const { told, says, writes } = await relayWith(context, shebang)
      const evil = '\x1b[2J\x1b]0;owned\x07\nconsole=sw2 device=tokyo open=yes\\"\u202e東,x:types'
      await says({
        ...{ uplink: '$(id) x', uplinks: [uplink('";`id`', 'ca ble', true)] },
        consoles: [
          console('sw1', { cause: evil, who: [who(evil.slice(0, 40), false, 1), who('', true, 1)] }),
          console('sw2\nconsole=sw1', {}),
        ],
      })
      const [first = '', ...own] = await told('bob', 'consoles')
      assert.match(first, / uplink=- kind=- signal=-$/)
      assert.is(own.length, 1)
      assert.match(own[0] ?? '', /^console=sw1 device=osaka open=yes output=- who=[A-Za-z0-9._@?-]+:watches:\d+ cause=/)
      assert.match(own[0] ?? '', /cause=\?\[2J\?\]0;owned\? console=sw2 device=tokyo open=yes""\?\?,x:types$/)
      const [, ...all] = await told('alice', 'consoles')
      assert.is(all.length, 1, 'a name that is none is not told')

      // What oobm-device-command would drop: raw control characters, and what is no such list.
      await writes('[{"name":"sw1","open":true,"cause":"\x1b]0;x\x07\x9b2J\\b\\f\\/","who":[],"outputS":9}]')
      assert.equal((await told('bob', 'consoles')).slice(1), [
        'console=sw1 device=osaka open=yes output=991 who=- cause=?]0;x??2J  "',
      ])
      for (const text of ['', '[', '[{', '{"name":"sw1"}', '"', '[[[[[[', `[${'{"a":1},'.repeat(2_000)}`]) {
        await writes(text)
        assert.is(
          (await told('bob', 'consoles')).filter(line => line.includes('who=alice')).length,
          0,
          text.slice(0, 20),
        )
      }
      const long = Array.from({ length: 900 }, (_, index) => ({
        name: `c${index}`,
        open: true,
        cause: 'x'.repeat(100),
      }))
      await writes(JSON.stringify(long))
      const lines = await told('alice', 'consoles')
      assert.ok(lines.join('\n').length < 60_001 && lines.length > 100, 'it fits into a pipe')
    },
    SLOW,
  )
}

test.run()
