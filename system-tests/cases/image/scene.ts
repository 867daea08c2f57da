/** One board with its card, its operator and its relay: what each case of an image stands on. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { State } from '../../../formats/states.ts'
import { errorMessage } from '../../../runtime/errors.ts'
import type { Sshd } from '../../../testbed/sshd.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { flashCard } from '../../card/card.ts'
import { type Fat, fatOf } from '../../card/fat.ts'
import type { Run, Steps } from '../../case.ts'
import type { Board } from '../../machine/boards.ts'
import { type QemuMachine, startQemu } from '../../machine/qemu.ts'
import { FILES, type PowerOn } from '../../machine/qemu-arguments.ts'
import { type Operation, prepareOperation } from './relay.ts'
import { type Technician, technician } from './technician.ts'

/** Bytes of the emulated card: the data partition gets what the image leaves. */
const CARD_BYTES = 4 * 1024 ** 3

/** What QEMU says each time Linux asks its network adapter for a name that it has not. */
const USUAL = /^usbnet: failed control transaction: .*$/gm
/** Milliseconds before a technician who did not get in tries again. */
const RETRY_MS = 2_000

/** What all cases share. */
export interface Stage {
  board: Board
  /** The image's folder: `oobm.img`, `boot/`, `cmdline.txt`. */
  image: string
  operation: Operation
  /** The relay's sshd, which is not there at first. */
  relay: Relay
  /** The card that goes from case to case. */
  card(): Promise<Fat>
  tess: Technician
  /** Milliseconds for something that takes an emulated board long. */
  patienceMs: number
}

export interface Scene extends Stage {
  steps: Steps
}

export interface Relay {
  /** Nothing happens where it runs. */
  start(): Promise<void>
  stop(): Promise<void>
}

export async function makeStage(board: Board, image: string, { folder, cleanup }: Run): Promise<Stage> {
  const operation = await prepareOperation(folder)
  let sshd: Sshd | undefined
  const relay = {
    start: async () => {
      sshd ??= await operation.startRelay()
    },
    stop: async () => {
      await sshd?.stop()
      sshd = undefined
    },
  }
  cleanup(relay.stop)
  let card: Promise<Fat> | undefined
  return {
    ...{ board, image, operation, relay, patienceMs: board.patienceMs },
    tess: technician(operation.sshConfig),
    card: () => {
      card ??= cardFrom(image, folder)
      return card
    },
  }
}

/** A card with the image on it, as somebody flashed it. */
export async function cardFrom(image: string, folder: string): Promise<Fat> {
  const path = join(folder, 'card.img')
  await flashCard(join(image, 'oobm.img'), path, CARD_BYTES)
  return fatOf(path)
}

/**
 * Switches the board on; it is off again, or killed, when `run` ends.
 * @returns the folder of this start's files
 */
export async function bootOnce(
  scene: Scene,
  card: Fat,
  name: string,
  adapter: PowerOn['adapter'],
  run: (machine: QemuMachine) => Promise<void>,
): Promise<string> {
  const machine = await powerOn(scene, card, name, adapter)
  try {
    await run(machine)
  } finally {
    const said = machine.output().replaceAll(USUAL, '').trim()
    if (said !== '') scene.steps.note(`QEMU: ${said}`)
    await machine.stop()
  }
  return machine.directory
}

export async function powerOn(
  { board, image, steps }: Scene,
  card: Fat,
  name: string,
  adapter: PowerOn['adapter'],
): Promise<QemuMachine> {
  const directory = await mkdtemp(join(steps.folder, `${name}-`))
  const commandLine = (await readFile(join(image, 'cmdline.txt'), 'utf8')).trim()
  steps.note(`${name}: power on (console output: ${directory}/${FILES.console})`)
  const start = { board, boot: join(image, 'boot'), commandLine, card: card.path, directory }
  const machine = await startQemu({ ...start, ...(adapter ? { adapter } : {}) })
  steps.cleanup(machine.cutPower)
  return machine
}

/** Waits until the board's status has one of these states, as a technician in its shell reads it. */
export async function untilSays(tess: Technician, states: readonly State[], timeoutMs: number): Promise<string> {
  let last: string | undefined
  try {
    return await waitFor(
      `the board to say ${states.join(' or ')}`,
      async () => {
        const now = await tess.supervisor().catch(() => delay(RETRY_MS))
        last = now ? `${now.state}: ${now.cause}` : last
        return now && states.includes(now.state) ? last : undefined
      },
      { timeoutMs },
    )
  } catch (err) {
    throw new Error(`${errorMessage(err)}; it says ${last}`)
  }
}

/** Waits until the board says, to a technician in its shell, that its present tunnel is proved. */
export async function untilProved(tess: Technician, timeoutMs: number): Promise<string> {
  const status = await waitFor(
    'the board to say that it is proved',
    async () => {
      const now = await tess.supervisor().catch(() => delay(RETRY_MS))
      if (!now || now.connectedAt === null) return undefined
      return (now.proof.provedAt ?? 0) >= now.connectedAt ? now : undefined
    },
    { timeoutMs },
  )
  return `proved, and says ${status.state}`
}
