import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { parseWord, refuseByHop, refuseFromAfar } from './words.ts'

const test = suite('exec words')

test('knows its words', () => {
  assert.equal(parseWord('help'), { word: 'help' })
  assert.equal(parseWord(' list '), { word: 'list' })
  assert.equal(parseWord('watch'), { word: 'watch' })
  assert.equal(parseWord('status'), { word: 'status', json: false })
  assert.equal(parseWord('status --json'), { word: 'status', json: true })
  assert.equal(parseWord('break'), { word: 'break', askedMs: undefined })
  assert.equal(parseWord('break  700'), { word: 'break', askedMs: 700 })
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
    assert.type(parseWord(command), 'string', command)
  }
})

test('leaves a hop key the words that concern its console', () => {
  for (const command of ['watch', 'break', 'break 700', 'status', 'status --json']) {
    assert.equal(refuseByHop(parseWord(command)), parseWord(command))
  }
  assert.is(refuseByHop(parseWord('list')), 'there is no word "list" by way of the relay')
  assert.is(refuseByHop(parseWord('help')), 'there is no word "help" by way of the relay')
  assert.is(refuseByHop(parseWord('sh')), 'there is no word "sh" here')
})

test('sends people away for nobody but who is at the device', () => {
  const word = parseWord('dismiss tokyo carol')
  assert.equal(word, { word: 'dismiss', device: 'tokyo', by: 'carol' })
  assert.equal(refuseFromAfar(word, true), word)
  assert.is(refuseFromAfar(word, false), 'there is no word "dismiss" here')
  assert.is(refuseByHop(word), 'there is no word "dismiss" by way of the relay')
  for (const odd of ['dismiss', 'dismiss a b c', 'dismiss to\x1bkyo', 'dismiss tokyo ;id']) {
    assert.type(parseWord(odd), 'string', odd)
  }
})

test.run()
