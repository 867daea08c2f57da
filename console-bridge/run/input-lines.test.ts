import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { inputLines } from './input-lines.ts'

const test = suite('lines of standard input')

async function linesOf(...chunks: string[]): Promise<string[]> {
  async function* input() {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  }
  const lines: string[] = []
  for await (const line of inputLines(input())) lines.push(line)
  return lines
}

test('end with LF or CR LF; the last one may have no end', async () => {
  const text = Buffer.from('one\r\ntwo\n\nthrée').toString('latin1')
  for (let at = 0; at <= text.length; at++) {
    assert.equal(await linesOf(text.slice(0, at), text.slice(at)), ['one', 'two', '', 'thrée'])
  }
  assert.equal(await linesOf('one\n'), ['one'])
  assert.equal(await linesOf(), [])
})

test('are bounded', async () => {
  assert.equal(await linesOf(`${'x'.repeat(4_096)}\n`), ['x'.repeat(4_096)])
  for (const chunks of [[`${'x'.repeat(4_097)}\n`], ['x'.repeat(4_097)], ['x'.repeat(4_000), 'x'.repeat(97)]]) {
    await linesOf(...chunks).then(
      () => assert.unreachable(),
      err => assert.match(err.message, 'longer than 4096 bytes'),
    )
  }
})

test.run()
