import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { screensSvg, textOf } from './screen-svg.ts'

const test = suite('picture of a screen')

test('keeps the text, its columns and its colours', () => {
  const svg = screensSvg([{ title: '$ one', text: 'a \x1b[32m<&>\x1b[39m b\n\n  \x1b[1mbold\x1b[0m\n' }], 80, 'a test')
  assert.equal(textOf(svg), ['$ one', 'a <&> b', '', '  bold'])
  assert.match(svg, '<tspan x="32.8" fill="#3fb950">&lt;&amp;&gt;</tspan><tspan x="58.0" fill="#d0d4da"> b</tspan>')
  assert.match(
    svg,
    '<tspan x="16.0" fill="#d0d4da">  </tspan><tspan x="32.8" fill="#d0d4da" font-weight="bold">bold</tspan>',
  )
})

test('puts screens below each other', () => {
  const svg = screensSvg(
    [
      { title: 'one', text: 'a' },
      { title: 'two', text: 'b' },
    ],
    10,
    'a test',
  )
  assert.match(svg, /viewBox="0 0 116 144"/)
  assert.match(svg, '<g transform="translate(0 80)">')
})

test.run()
