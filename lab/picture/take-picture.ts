/** The lab at work, as somebody sees it who types what README.md says: `make run`, a BREAK in another terminal, and a line that is cut. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildInto } from '../../testbed/programs.ts'
import { type Surroundings, screenOf } from '../../testbed/tmux-screen.ts'
import { type Screen, screensSvg } from './screen-svg.ts'

/** Columns of a terminal, lines of the lab's screen, and of what the technician sees. */
const [COLUMNS, SCREEN_LINES, LINES] = [80, 25, 33]

/** Milliseconds for a start, on a machine that does much else. */
const PATIENCE_MS = 150_000

/** @param folder an empty one, on short paths: a picture has 80 columns */
export async function takePicture(surroundings: Surroundings, folder: string): Promise<string> {
  // As it is where somebody has cloned it: in a folder of their home.
  const place = join(folder, 'oobm')
  await mkdir(place)
  await buildInto(join(folder, 'build'))
  const shown = (command: string[], lines: number) =>
    screenOf(surroundings, folder, ['env', `HOME=${folder}`, ...command], { cwd: place, lines })
  const lab = await shown([process.execPath, join(folder, 'build/lib/lab.cjs')], SCREEN_LINES)
  surroundings.cleanup(() => lab.keys('C-c').then(() => lab.shows(/^\[exit \d+\]$/m)))
  for (const device of ['tokyo', 'osaka', 'kobe'])
    await lab.shows(new RegExp(`${device}-rack1 +(ready|in-use) +proved`), PATIENCE_MS)
  const technician = await shown([join(place, '.lab/alice'), 'ssh', 'core-sw1'], LINES)
  await technician.shows(/Press RETURN/)
  await technician.keys('Enter')
  await technician.shows(/Router>/)
  await technician.literally('~B')
  await technician.shows(/rommon 1 >/)
  await lab.shows(/alice types/)
  await lab.keys('2')
  await lab.keys('l')
  await lab.shows(/osaka-rack1 +no-relay .* core-sw2[\s\S]*you: osaka-rack1: cut its line[\s\S]* osaka-rack1 no-relay/)
  const screens: Screen[] = [
    { title: '$ make run', text: await lab.coloured() },
    { title: '$ ~/oobm/.lab/alice ssh core-sw1', text: await technician.coloured() },
  ]
  return screensSvg(
    screens,
    COLUMNS,
    'The lab’s screen: three devices, one of them cut off; and a technician who sends BREAK to a switch',
  )
}
