import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { describeByHand } from './by-hand.ts'
import * as changes from './changes.ts'

const test = suite('describing an edit to do by hand')

const TEXT = `version = 1
[[devices]]
name = "tokyo"
[[technicians]]
name = "alice"
shells = [
  "tokyo",
]
`
const VALUE = { devices: [{ name: 'tokyo' }], technicians: [{ name: 'alice', shells: ['tokyo'] }] }

test('gives the lines to add, and where', () => {
  assert.equal(describeByHand(TEXT, VALUE, changes.addDevice({ name: 'kobe', port: 20102 })), [
    'at the end, add:',
    '    [[devices]]',
    '    name = "kobe"',
    '    port = 20102',
  ])
  const console = changes.addConsole(VALUE, 'tokyo', { name: 'sw1', path: '/dev/ttyS0' })
  assert.is(describeByHand(TEXT, VALUE, console ?? [])[0], 'at the end of line 2, devices[1], add:')
})

test('gives the lines to change and to remove', () => {
  assert.equal(describeByHand(TEXT, VALUE, changes.rename(VALUE, 'device', 'tokyo', 'edo') ?? []), [
    'line 3, devices[1].name: write "edo" instead of "tokyo"',
    'line 7, technicians[1].shells[1]: write "edo" instead of "tokyo"',
  ])
  assert.equal(describeByHand('not toml', VALUE, changes.remove(VALUE, 'device', 'tokyo') ?? []), [
    'devices[1]: remove "tokyo"',
    'technicians[1].shells[1]: remove "tokyo"',
  ])
})

test.run()
