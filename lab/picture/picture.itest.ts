import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { textOf } from './screen-svg.ts'
import { takePicture } from './take-picture.ts'

const test = suite('picture of the lab')
const PICTURE = join(import.meta.dirname, '../../docs/pictures/lab.svg')

test(
  'the README shows the lab as it is',
  async context => {
    const now = await takePicture(context, await scratchDirectory(context))
    const shown = await readFile(PICTURE, 'utf8')
    assert.equal(lasting(shown), lasting(now), 'draw it again: make picture')
  },
  { timeoutMs: 240_000 },
)

/** Without what is another each time: numbers, the beat of the LED, what proved last, and the latest probe. */
function lasting(svg: string): string[] {
  return textOf(svg).map(line =>
    line
      .replace(/, last probe \d+ ms/, '')
      .replace(/ by (login|self-test)/, '')
      .replace(/[●○]/, '●')
      .replace(/(\d+ ?)+/g, 'N ')
      .replace(/ +/g, ' '),
  )
}

test.run()
