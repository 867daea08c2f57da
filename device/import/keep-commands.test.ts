import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { keepCommands } from './keep-commands.ts'

const test = suite('keep commands')

const console = (path: string, more: object = {}) => ({ consoles: [{ name: 'bmc1', path, ...more }] })
const ROOTS = console('exec:ipmitool sol activate', { execHosts: ['192.0.2.7'], execBreak: '~B' })

test('a brought file sets no command', () => {
  for (const before of [undefined, {}, console('/dev/ttyUSB0'), console('exec:'), ROOTS]) {
    for (const path of ['exec:sh', 'exec: sh', 'exec:ipmitool sol activate; reboot']) {
      const { problems } = keepCommands(before, console(path))
      assert.equal(
        problems.map(problem => problem.path),
        [['consoles', 0, 'path']],
        path,
      )
      assert.match(problems[0]?.message ?? '', /only root may write, into \/etc\/oobm\/device.toml/)
    }
  }
})

test('the command of root stays, with what belongs to it, under a file that names the console', () => {
  assert.equal(keepCommands(ROOTS, console('exec:')), { value: ROOTS, problems: [] })
  assert.equal(keepCommands(ROOTS, ROOTS), { value: ROOTS, problems: [] })
  assert.equal(keepCommands(ROOTS, console('exec:', { execHosts: [] })), { value: ROOTS, problems: [] })
  const { value } = keepCommands(ROOTS, console('exec:', { execHosts: ['192.0.2.8'], label: 'x' }))
  assert.equal(value, console('exec:ipmitool sol activate', { execHosts: ['192.0.2.8'], execBreak: '~B', label: 'x' }))
})

test('a command is not another console’s, and goes with its console', () => {
  const other = { consoles: [{ name: 'bmc2', path: 'exec:' }] }
  assert.equal(keepCommands(ROOTS, other).value, other)
  assert.equal(keepCommands(ROOTS, { consoles: [] }).value, { consoles: [] })
  assert.equal(keepCommands(ROOTS, console('telnet://192.0.2.7:23')).value, console('telnet://192.0.2.7:23'))
})

test('leaves what is no list of consoles to the check of the whole', () => {
  for (const consoles of [undefined, 'x', [1], [null], {}])
    assert.equal(keepCommands(ROOTS, { device: 'x', consoles }), { value: { device: 'x', consoles }, problems: [] })
})

test.run()
