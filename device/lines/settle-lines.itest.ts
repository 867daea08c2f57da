/** What `oobm lines` writes for each line program, and which units it starts and stops; systemctl is recorded. */
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { UserError } from '../../runtime/errors.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { settleLines } from './settle-lines.ts'

const test = suite('settle lines')
type Consoles = NonNullable<DeviceConfigInput['consoles']>

const SERIAL = { name: 'core-sw1', path: '/dev/ttyUSB0' }
const TERM = { name: 'term1', path: 'telnet://terms.example.net:2001' }
const BMC = { name: 'bmc1', path: 'exec:ipmitool sol activate', execHosts: ['192.0.2.7'], execBreak: '~B' }

async function device(context: TestContext) {
  const root = await scratchDirectory(context)
  const configFile = join(root, 'device.toml')
  const [lines, secrets] = [join(root, 'lines'), join(root, 'secrets')]
  await writeFile(configFile, '', { mode: 0o644 })
  let asked: string[] = []
  const settle = async (consoles: Consoles, systemctl?: (args: string[]) => Promise<void>) => {
    asked = []
    const record = async (args: string[]) => void asked.push(args.join(' '))
    const folders = { configFile, lines, secrets }
    return settleLines({
      config: { consoles: consoles as never },
      ...folders,
      say: () => {},
      systemctl: systemctl ?? record,
    })
  }
  const spec = async (name: string) => JSON.parse(await readFile(join(lines, name, 'spec'), 'utf8'))
  return { root, configFile, lines, secrets, settle, spec, asked: () => asked }
}

test('gives each program its line and its hosts, for root alone, and starts its socket', async context => {
  const { lines, secrets, settle, spec, asked } = await device(context)
  assert.equal(await settle([SERIAL, TERM, BMC]), [])
  assert.equal((await readdir(lines)).sort(), ['bmc1', 'term1'])
  assert.equal(await spec('term1'), { version: 1, console: 'term1', path: TERM.path })
  assert.equal(await spec('bmc1'), { version: 1, console: 'bmc1', path: BMC.path, execBreak: '~B' })
  assert.is(await readFile(join(lines, 'term1', 'hosts'), 'utf8'), 'terms.example.net\n')
  assert.is(await readFile(join(lines, 'bmc1', 'hosts'), 'utf8'), '192.0.2.7\n')
  for (const path of [join(lines, 'bmc1', 'spec'), join(lines, 'bmc1'), join(secrets, 'bmc1')])
    assert.is((await stat(path)).mode & 0o077, 0, path)
  assert.equal(
    asked().filter(args => args.startsWith('start')),
    ['start --no-block oobm-line@term1.socket', 'start --no-block oobm-line@bmc1.socket'],
  )
})

test('restarts a program only when its line is another one, and stops one that is gone', async context => {
  const { lines, settle, asked } = await device(context)
  await settle([TERM, BMC])
  await settle([TERM, BMC])
  assert.equal(asked(), ['start --no-block oobm-line@term1.socket', 'start --no-block oobm-line@bmc1.socket'])
  await settle([
    { ...TERM, path: 'telnet://terms.example.net:2002' },
    { ...BMC, execHosts: [] },
  ])
  assert.equal(
    asked().filter(args => args.startsWith('stop')),
    ['stop oobm-line@term1.service', 'stop oobm-line@bmc1.service'],
  )
  await settle([SERIAL, { ...BMC, execHosts: [] }])
  assert.equal(
    asked().filter(args => args.startsWith('stop')),
    ['stop oobm-line@term1.socket oobm-line@term1.service'],
  )
  assert.equal(await readdir(lines), ['bmc1'])
})

test('gives no command away from a file that others may write, and says so', async context => {
  const { configFile, root, settle, spec } = await device(context)
  for (const [path, mode] of [
    [configFile, 0o664],
    [configFile, 0o646],
    [root, 0o777],
  ] as const) {
    const before = (await stat(path)).mode
    await chmod(path, mode)
    const [problem, ...more] = await settle([TERM, BMC])
    assert.match(problem ?? '', /^bmc1: its command is not run: others than root may write .*; use: chmod go-w /)
    assert.equal(more, [])
    const given = await spec('bmc1')
    assert.equal([given.path, /not run/.test(given.problem)], ['exec:', true])
    assert.is((await spec('term1')).path, TERM.path)
    await chmod(path, before & 0o777)
  }
  assert.equal(await settle([TERM, BMC]), [])
  assert.is((await spec('bmc1')).path, BMC.path)
})

test('one unit that does not start does not keep the others from it', async context => {
  const { settle, spec } = await device(context)
  const problems = await settle([TERM, BMC], async args => {
    if (args.at(-1)?.includes('term1')) throw new UserError('systemctl: no such unit')
  })
  assert.ok(problems.length > 0 && problems.every(problem => /^term1: systemctl: no such unit/.test(problem)))
  assert.is((await spec('bmc1')).path, BMC.path)
})

test.run()
