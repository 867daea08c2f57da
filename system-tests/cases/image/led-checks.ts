/** What the LED says to field staff, read off the board's pin. A machine without pins has nothing to check. */
import type { State } from '../../../formats/states.ts'
import type { QemuMachine } from '../../machine/qemu.ts'
import { readLed } from './read-led.ts'
import type { Scene } from './scene.ts'

/** Milliseconds for one state to be read. */
const LOOK_MS = 30_000

export async function checkLed(scene: Scene, machine: QemuMachine, state: State, check: string): Promise<void> {
  if (scene.board.pinLevels === undefined) return
  await scene.steps.step(check, async () => `${await ledBecomes(scene, machine, state)} on the pin of GPIO17`)
}

/** @returns undefined on a machine without pins */
export async function ledBecomes(
  { board, patienceMs }: Scene,
  machine: QemuMachine,
  state: State,
): Promise<string | undefined> {
  const { pinLevels } = board
  if (pinLevels === undefined) return undefined
  const deadlineMs = performance.now() + patienceMs
  let seen: State | undefined
  do {
    seen = await readLed(machine.qmp, pinLevels, LOOK_MS)
    if (seen === state) return seen
  } while (performance.now() < deadlineMs)
  throw new Error(`the LED says ${seen ?? 'nothing'}, not ${state}`)
}
