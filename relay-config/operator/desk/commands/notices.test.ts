import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { createNoticeReader } from './notices.ts'

const test = suite('notices in the output')

const OUTPUT =
  'Router>\r\n[oobm: message from bob: see [1]]\r\nx[0] [oobm: alice types]\r\n[oo: no\r\n[oobm: the last]\r\n'

test('are found wherever the output is cut', () => {
  const bytes = new TextEncoder().encode(OUTPUT)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const found: string[] = []
    const read = createNoticeReader(text => found.push(text))
    read(bytes.slice(0, cut))
    read(bytes.slice(cut))
    assert.equal(found, ['message from bob: see [1]', 'alice types', 'the last'], `cut at ${cut}`)
  }
})

test('keep nothing of a line that never ends', () => {
  const found: string[] = []
  const read = createNoticeReader(text => found.push(text))
  const encoder = new TextEncoder()
  read(encoder.encode(`[oobm: ${'x'.repeat(700)}`))
  read(encoder.encode('y]\r\n'))
  assert.equal(found, [])
})

test.run()
