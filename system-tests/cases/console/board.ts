/** The image on a PC with consoles: a card that is provisioned once, and what each start of it is asked. */
import { mkdtemp } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { type ConsoleStatus, consoleStatusSchema } from '../../../formats/status-file.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { builtImage } from '../../card/built-image.ts'
import { copyCard, flashCard } from '../../card/card.ts'
import { fatOf } from '../../card/fat.ts'
import { issueBoard } from '../../card/issue-board.ts'
import { addTestShell } from '../../card/test-shell.ts'
import type { Run, Steps } from '../../case.ts'
import { boardOf, hasKvm, IDLE_DRIVERS } from '../../machine/boards.ts'
import { type QemuMachine, startQemu } from '../../machine/qemu.ts'
import type { PowerOn } from '../../machine/qemu-arguments.ts'

const CARD_BYTES = 2 * 1024 ** 3
/** Milliseconds between two looks at a status: each is work for an emulated board. */
const LOOK_MS = 500

/** What takes most of an emulated start, and has nothing to do with a console. */
const LEFT_OUT = [
  ...['oobm-supervisor', 'ssh', 'systemd-networkd', 'systemd-resolved', 'systemd-timesyncd'].map(
    unit => `systemd.mask=${unit}.service`,
  ),
  'systemd.show_status=no',
  IDLE_DRIVERS,
]

export const DEVICE = 'tokyo-rack1'
/** At an adapter of its own, in port 1. */
export const CONSOLE = 'router1'
/** The smallest that there is, so that it is reached soon. */
export const QUOTA_BYTES = 1_048_576
/** The port of the hub, the serial numbers of the adapters in it, and the consoles that they are. */
export const HUB_PORT = 2
export const HUB: readonly { at: number; serialNumber: string; console: string }[] = [
  { at: 1, serialNumber: 'A50285BI', console: 'core-sw1' },
  { at: 2, serialNumber: '0001', console: 'core-sw2' },
  { at: 3, serialNumber: '0001', console: 'core-sw3' },
  { at: 4, serialNumber: 'A7', console: `${DEVICE}-usb${HUB_PORT}.4` },
]
/** Bound by the serial number that two adapters have. */
export const AMBIGUOUS = 'ambiguous'
const byId = (serialNumber: string) => `/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_${serialNumber}-if00-port0`

export interface Stage {
  /** A card that has started once: provisioned, with its data partition. */
  card: string
}

export interface Board {
  machine: QemuMachine
  sh: QemuMachine['sh']
  /** @throws where the bridge has not written it yet */
  status(): Promise<ConsoleStatus>
  /** Waits until the consoles are what is asked for. */
  until(what: string, probe: (status: ConsoleStatus) => boolean): Promise<ConsoleStatus>
  /** Waits until this console is open, in a bridge other than `but`. @returns the process of the bridge */
  untilOpen(console: string, but?: number): Promise<number>
}

export async function makeStage({ folder, note, cleanup }: Run): Promise<Stage> {
  const image = builtImage('vm')
  const card = join(folder, 'card.img')
  await flashCard(join(image, 'oobm.img'), card, CARD_BYTES)
  await addTestShell(card)
  const consoles = [
    { name: CONSOLE, usb: '1', baudRate: 115_200 },
    { name: 'core-sw1', path: byId('A50285BI') },
    { name: 'core-sw2', usb: `${HUB_PORT}.2` },
    { name: 'core-sw3', usb: `${HUB_PORT}.3` },
    { name: AMBIGUOUS, path: byId('0001') },
  ]
  const sparePorts = [`${HUB_PORT}.4`]
  const file = await issueBoard(folder, { consoles, sparePorts, bridge: { hostKey: '', transcriptBytes: QUOTA_BYTES } })
  await (await fatOf(card)).write('oobm.toml', file)
  note('the first start: the card is provisioned')
  const first = await startBoard({ card, folder, cleanup })
  await first.until('its consoles', ({ consoles }) => consoles.some(({ name }) => name === CONSOLE))
  await first.sh('sync')
  // The answer may be lost with the machine.
  first.sh('systemctl poweroff').catch(() => {})
  await first.machine.untilOff()
  return { card }
}

/** The stage's card, for one case. */
export async function cardOf({ card }: Stage, { folder }: Steps): Promise<string> {
  const copy = join(folder, 'card.img')
  await copyCard(card, copy)
  return copy
}

const PC = boardOf('pc', hasKvm())
const BOARD = { ...PC, kernelOptions: [...PC.kernelOptions, ...LEFT_OUT] }

/** What a start has besides its card. */
export type Starts = Pick<Steps, 'folder' | 'cleanup'> & Pick<PowerOn, 'card' | 'adapter' | 'volatileCard'>

/** @returns at once; its power is cut at the end, if it still runs */
export async function switchOn({ card, adapter, volatileCard, folder, cleanup }: Starts): Promise<QemuMachine> {
  const directory = await mkdtemp(join(folder, 'start-'))
  const machine = await startQemu({
    ...{ board: BOARD, boot: join(builtImage('vm'), 'boot'), card, directory },
    ...(adapter && { adapter }),
    ...(volatileCard && { volatileCard }),
  })
  cleanup(machine.cutPower)
  return machine
}

/**
 * @param onPower what happens while it starts @returns when its shell answers
 */
export async function startBoard(
  options: Starts,
  onPower: (machine: QemuMachine) => Promise<void> = async () => {},
): Promise<Board> {
  const machine = await switchOn(options)
  await onPower(machine)
  await machine.untilUp()
  return controlled(machine)
}

function controlled(machine: QemuMachine): Board {
  const status = async () =>
    consoleStatusSchema.parse(JSON.parse(await machine.sh('cat /run/oobm-console/status.json')))
  const until: Board['until'] = async (what, probe) => {
    let last: ConsoleStatus | undefined
    try {
      return await waitFor(
        what,
        async () => {
          last = await status().catch(err => {
            if (machine.isOff()) throw err
            return undefined
          })
          return last && probe(last) ? last : undefined
        },
        { timeoutMs: BOARD.patienceMs, paceMs: LOOK_MS },
      )
    } catch (err) {
      throw new Error(`${err}; it says ${JSON.stringify(last?.consoles)}`)
    }
  }
  return {
    ...{ machine, sh: machine.sh, status, until },
    untilOpen: async (console, but) => {
      const isOpen = ({ pid, consoles }: ConsoleStatus) =>
        pid !== but && consoles.find(({ name }) => name === console)?.state === 'open'
      return (await until(`${console} to be open`, isOpen)).pid
    },
  }
}

/** The equipment's end of an adapter. */
export async function connectTo(socketPath: string): Promise<Socket> {
  const socket = createConnection(socketPath)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  // QEMU may be killed at any moment.
  socket.on('error', () => {})
  return socket
}
