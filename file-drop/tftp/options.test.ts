import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { agree, blockNumber } from './options.ts'

const test = suite('options of a TFTP transfer')
const asked = (options: Record<string, string>, kind: 'read' | 'write' = 'read', size: number | undefined = 1_000) =>
  agree(new Map(Object.entries(options)), kind, size)
const answered = (...args: Parameters<typeof asked>) => Object.fromEntries(asked(...args).answer)

test('is what RFC 1350 says where nothing is asked for', () => {
  const { answer, ...rest } = asked({})
  assert.equal(rest, { blockBytes: 512, window: 1, repeatMs: 1_000, rollover: 0 })
  assert.is(answer.size, 0)
})

test('agrees to what a client may ask for, and answers nothing else', () => {
  assert.equal(answered({ blksize: '1468', tsize: '0', timeout: '5', windowsize: '4', rollover: '1' }), {
    blksize: '1468',
    timeout: '5',
    windowsize: '4',
    rollover: '1',
    tsize: '1000',
  })
  assert.equal(asked({ timeout: '5' }).repeatMs, 5_000)
  for (const options of [
    { blksize: '7' },
    { blksize: '-1' },
    { blksize: '1e3' },
    { timeout: '0' },
    { timeout: '256' },
    { rollover: '2' },
    { windowsize: '0' },
    { multicast: '' },
  ] as Record<string, string>[])
    assert.equal(answered(options), {}, JSON.stringify(options))
})

test('answers less where a client asks for much', () => {
  assert.equal(answered({ blksize: '65535' }), { blksize: '65464' })
  assert.equal(answered({ windowsize: '65535' }), { windowsize: '16' })
  assert.equal(answered({ blksize: '65464', windowsize: '64' }), { blksize: '65464', windowsize: '2' })
})

test('says the size of a file that is read, and repeats that of one that is written', () => {
  assert.equal(answered({ tsize: '0' }), { tsize: '1000' })
  assert.equal(answered({ tsize: '77' }, 'write', undefined), { tsize: '77' })
})

test('does not say the size of a text, which is converted', () => {
  assert.equal(Object.fromEntries(agree(new Map([['tsize', '0']]), 'read', undefined).answer), {})
})

test('counts on after block 65535, from 0 or from 1', () => {
  const numbers = [1, 65_535, 65_536, 65_537, 131_071, 131_072]
  assert.equal(
    numbers.map(index => blockNumber(index, 0)),
    [1, 65_535, 0, 1, 65_535, 0],
  )
  assert.equal(
    numbers.map(index => blockNumber(index, 1)),
    [1, 65_535, 1, 2, 1, 2],
  )
})

test.run()
