/** A settings document on its way from a relay with a real sshd to a device, and what the device says of it on the way back. */
import { createHash } from 'node:crypto'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type Field, startField } from './testing/field.ts'
import { operatorOf } from './testing/operator.ts'

const test = suite('settings from the relay')
const LIMIT = { timeoutMs: 120_000 }

/** Leaves a document at the relay as `oobm-relay settings push` does; only a device judges what is in it. */
async function leave({ directory }: Field, serial: number, document: string): Promise<void> {
  const text = { oobmRelaySettings: 1, documents: [{ device: 'dev1', serial, document: btoa(document) }] }
  const args = [
    ...programArgs('relay-config/main.ts'),
    'settings',
    'push',
    '--stdin',
    '--state',
    join(directory, 'oobm'),
  ]
  const { code, stderr } = await runProgram(process.execPath, args, { input: JSON.stringify(text), timeoutMs: 60_000 })
  assert.is(code, 0, stderr)
}

test(
  'reaches a device that is there, and one that comes later; the relay says what became of it',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const shows = (pattern: RegExp) =>
      waitFor(`settings show to say ${pattern}`, async () =>
        pattern.test(await operator.run('settings', 'show', 'dev1')),
      )
    await leave(field, 1, 'not signed')
    await shows(/^dev1 {2}serial 1 {2}waiting .* it is not connected here, and was never there$/m)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const unknown = /delivered \d+ s ago, not applied: the software of this device does not know signed settings$/m
    await shows(new RegExp(`^dev1 {2}serial 1 {2}${unknown.source}`, 'm'))
    await leave(field, 2, 'x'.repeat(200_000))
    await shows(new RegExp(`^dev1 {2}serial 2 {2}${unknown.source}`, 'm'))
    const status = await device.status()
    assert.is(status?.state, 'ready', 'the tunnel goes on meanwhile')
  },
  LIMIT,
)

test(
  'a relay that was broken into and offers what is cut short, endless or something else gets nothing into the device',
  async context => {
    const field = await startField(context)
    await operatorOf(field)
    const mailbox = join(field.directory, 'oobm/settings/dev1')
    await mkdir(mailbox, { recursive: true })
    const device = await field.supervisor('a')
    const whole = Buffer.from('a whole document')
    const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    const offers: [name: string, put: (path: string) => Promise<unknown>, bytes: number][] = [
      ['cut short', path => writeFile(path, whole.subarray(0, 7)), whole.length],
      ['100 MB', path => writeFile(path, '').then(() => truncate(path, 100 * 1024 * 1024)), 262_144],
      ['another file', path => symlink('/etc/passwd', path), 500],
      ['nothing', async () => {}, 500],
    ]
    for (const [name, put, bytes] of offers) {
      const digest = digestOf(Buffer.from(name))
      await put(join(mailbox, digest))
      await writeFile(join(mailbox, 'offer'), `settings ${digest} ${bytes}\n`)
      await device.becomes('ready')
      await device.program.says(new RegExp(`"digest":"${digest}".*"a settings document did not arrive"`), 60_000)
      // The next one is offered at the next claim.
      await device.program.stop()
      Object.assign(device, await device.restart())
    }
    await device.becomes('ready')
    assert.not.match(device.program.output(), /handed|handed over/)
  },
  LIMIT,
)

test.run()
