import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { servedPath, uploadName } from './served-path.ts'

const test = suite('served path')

test('is below the root, however it is written', () => {
  for (const [text, path] of [
    ['ios.bin', 'ios.bin'],
    ['/ios.bin', 'ios.bin'],
    ['//images//ios.bin', 'images/ios.bin'],
    ['./images/./ios.bin', 'images/ios.bin'],
    ['images\\ios.bin', 'images/ios.bin'],
    ['a..b', 'a..b'],
    ['', ''],
    ['日本.bin', '日本.bin'],
  ] as const) {
    const found = servedPath(text)
    assert.is('segments' in found ? found.segments.join('/') : found.why, path, text)
  }
})

test('leads nowhere else', () => {
  for (const text of [
    '..',
    '../x',
    'a/../../x',
    '\\..\\x',
    'a\0b',
    'a\nb',
    '.hidden',
    'a/.b/c',
    'upload/x',
    '/upload',
    'x\uFFFD',
    'x'.repeat(1_025),
  ])
    assert.ok('why' in servedPath(text), JSON.stringify(text))
})

test('says why a name leads nowhere', () => {
  for (const [text, why] of [
    ['../x', 'upwards'],
    ['.hidden', 'no such file'],
    ['upload/x', 'cannot be fetched'],
  ] as const) {
    const found = servedPath(text)
    assert.match('why' in found ? found.why : '', why)
  }
})

test('of an upload has the folder before it or not', () => {
  for (const text of ['x', '/x', 'upload/x', '/upload/x', '\\upload\\x']) assert.is(uploadName(text), 'x', text)
  assert.is(uploadName('uploads/x'), 'uploads/x')
})

test.run()
