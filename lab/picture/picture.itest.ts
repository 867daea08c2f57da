import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { textOf } from './screen-svg.ts'
import { takeMenuPicture } from './take-menu-picture.ts'
import { takePicture } from './take-picture.ts'

const test = suite('picture of the lab')
const PICTURES = join(import.meta.dirname, '../../docs/pictures')

test(
  'the README shows the lab as it is',
  async context => {
    const now = await takePicture(context, await scratchDirectory(context))
    const shown = await readFile(join(PICTURES, 'lab.svg'), 'utf8')
    assert.equal(lasting(shown), lasting(now), 'draw it again: make picture')
  },
  { timeoutMs: 240_000 },
)

if (process.getuid?.() === 0) {
  test(
    'the page about the ways in shows the menu as it is',
    async context => {
      const shown = await readFile(join(PICTURES, 'ways-in-menu.svg'), 'utf8')
      assert.equal(textOf(shown), textOf(await takeMenuPicture(context)), 'draw it again: make picture')
    },
    { timeoutMs: 240_000 },
  )
} else test.skip('the page about the ways in shows the menu as it is', 'its accounts can be made by root alone')

/** Without what is another each time: numbers, the beat of the LED, ages, and the sentence about the chosen device. */
function lasting(svg: string): string[] {
  const lines = textOf(svg).filter(line => !/^ {4}\S/.test(line))
  return lines.map(line =>
    line
      .replace(/proved \d+[smh]/, 'proved N')
      .replace(/[●○]/, '●')
      .replace(/(\d+ ?)+/g, 'N ')
      .replace(/ +/g, ' '),
  )
}

test.run()
