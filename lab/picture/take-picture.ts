/** The lab at work, as somebody sees it who types what README.md says: `make run`, and a BREAK in another terminal. */
import { join } from 'node:path'
import { buildInto } from '../../testbed/programs.ts'
import { type Surroundings, screenOf } from '../../testbed/tmux-screen.ts'
import { type Screen, screensSvg } from './screen-svg.ts'

/** Columns of a terminal, and lines of what the technician sees. */
const [COLUMNS, LINES] = [80, 33]

/** @param folder an empty one, on short paths: a picture has 80 columns */
export async function takePicture(surroundings: Surroundings, folder: string): Promise<string> {
  await buildInto(join(folder, 'build'))
  const lab = await screenOf(surroundings, folder, [process.execPath, join(folder, 'build/lib/lab.cjs')], {
    cwd: folder,
  })
  surroundings.cleanup(() => lab.keys('C-c').then(() => lab.shows(/^\[exit \d+\]$/m)))
  await lab.shows(/status +ready, proved/)
  const technician = await screenOf(surroundings, folder, ['ssh', '-F', '.lab/ssh_config', 'console'], {
    cwd: folder,
    lines: LINES,
  })
  await technician.shows(/Press RETURN/)
  await technician.keys('Enter')
  await technician.shows(/Router>/)
  await technician.literally('~B')
  await technician.shows(/rommon 1 >/)
  await lab.shows(/alice types/)
  const screens: Screen[] = [
    { title: '$ make run', text: await lab.coloured() },
    { title: '$ ssh -F .lab/ssh_config console', text: await technician.coloured() },
  ]
  return screensSvg(screens, COLUMNS, 'The lab’s status screen, and a technician who sends BREAK to a router')
}
