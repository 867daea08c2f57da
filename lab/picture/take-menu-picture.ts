/** The menu of way 2 as PuTTY's plink shows it, at a real relay; root alone can make the accounts that it needs. */
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { screenOf } from '../../testbed/tmux-screen.ts'
import { loginScene, plinkOf } from '../testing/login-scene.ts'
import { screensSvg } from './screen-svg.ts'

const COLUMNS = 80
const FIRST_UID = 58_051

export async function takeMenuPicture(context: TestContext): Promise<string> {
  const scene = await loginScene(context, FIRST_UID)
  const menu = await screenOf(context, await scratchDirectory(context), plinkOf(scene, 'alice'), { lines: 9 })
  await menu.shows(/^> +1 +core-sw1/m)
  await menu.keys('Down')
  await menu.shows(/^> +2 +core-sw2/m)
  const screen = { title: 'PuTTY: alice@relay.example.net, port 443', text: await menu.coloured() }
  await menu.keys('q')
  return screensSvg([screen], COLUMNS, 'The menu in PuTTY’s plink: three consoles, the second one chosen')
}
