import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { parseCommand, refuseByHop, refuseFromAfar } from './exec-commands.ts'

const test = suite('exec words')

test('knows its words', () => {
  assert.equal(parseCommand('help'), { word: 'help' })
  assert.equal(parseCommand(' list '), { word: 'list' })
  assert.equal(parseCommand('watch'), { word: 'watch' })
  assert.equal(parseCommand('status'), { word: 'status', json: false })
  assert.equal(parseCommand('status --json'), { word: 'status', json: true })
  assert.equal(parseCommand('break'), { word: 'break', askedMs: undefined })
  assert.equal(parseCommand('break  700'), { word: 'break', askedMs: 700 })
})

test('says what is wrong with the rest', () => {
  for (const command of [
    '',
    'sh',
    'break -1',
    'break 1e3',
    'break 1 2',
    'status --xml',
    'watch x',
    'help me',
    'BREAK',
  ]) {
    assert.type(parseCommand(command), 'string', command)
  }
})

test('leaves a hop key the words that concern its console', () => {
  for (const command of ['watch', 'break', 'break 700', 'status', 'status --json']) {
    assert.equal(refuseByHop(parseCommand(command)), parseCommand(command))
  }
  assert.is(refuseByHop(parseCommand('list')), 'there is no word "list" by way of the relay')
  assert.is(refuseByHop(parseCommand('help')), 'there is no word "help" by way of the relay')
  assert.is(refuseByHop(parseCommand('sh')), 'there is no word "sh" here')
})

test('sends people away for nobody but who is at the device', () => {
  const word = parseCommand('dismiss tokyo carol')
  assert.equal(word, { word: 'dismiss', device: 'tokyo', by: 'carol' })
  assert.equal(refuseFromAfar(word, true), word)
  assert.is(refuseFromAfar(word, false), 'there is no word "dismiss" here')
  assert.is(refuseByHop(word), 'there is no word "dismiss" by way of the relay')
  for (const odd of ['dismiss', 'dismiss a b c', 'dismiss to\x1bkyo', 'dismiss tokyo ;id']) {
    assert.type(parseCommand(odd), 'string', odd)
  }
})

test.run()
