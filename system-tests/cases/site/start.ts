/** Switches the image on with two network cards and a sound card to plug in, and a relay behind the first of them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringifyToml } from '../../../formats/toml-file.ts'
import { addTestShell } from '../../card/test-shell.ts'
import type { Run } from '../../case.ts'
import { boardOf, hasKvm, IDLE_DRIVERS } from '../../machine/boards.ts'
import { startQemu } from '../../machine/qemu.ts'
import { makeNetwork } from '../image/network.ts'
import { CONSOLE, DEVICE, type Operation, prepareOperation, RELAY_ADDRESS } from '../image/relay.ts'
import { cardFrom } from '../image/scene.ts'
import { technician } from '../image/technician.ts'
import { type Board, boardWith } from '../uplinks/board.ts'
import { ADAPTERS, type Laptop, makeLaptop, makeUplink } from './cables.ts'

/** The board's port beside which people are, and its address there without a lease. */
export const PORT = 'eth1'
export const HERE = '192.168.77.1'
export const LAPTOP = '192.168.77.2'
/** Of the board, as its maker gave it. */
export const SERIAL = '10000000a1b2c3d4'
/** A switched outlet that the laptop plays. */
export const PLUG = '192.168.77.9'
export const OUTLET = 'plug'

export interface Stage {
  /** As it was started last. */
  readonly board: Board
  laptop: Laptop
  operation: Operation
  /** What the sound card, once it is plugged in, was given to play. */
  heard(): Promise<Buffer>
  plugSoundCardIn(): Promise<void>
  /** Imports what is to change, as an administrator does, and lets it take force as a start of the board would. */
  settle(settings: string): Promise<void>
  /** Imports it, and switches the board off and on again: its shell, and what it knows, are new. */
  settleAtStart(settings: string): Promise<void>
}

/** @param image the image's folder @returns when its tunnel is proved */
export async function startBoard(image: string, run: Run): Promise<Stage> {
  const { folder, cleanup, note } = run
  await makeNetwork(run, [RELAY_ADDRESS])
  await makeUplink(run, folder, RELAY_ADDRESS)
  const operation = await prepareOperation(folder, {
    devices: [
      {
        ...{ name: DEVICE, port: 20100 },
        outlets: [{ name: OUTLET, kind: 'tasmota', address: PLUG, offTimeS: 5 }],
        consoles: [{ name: CONSOLE, path: '/dev/ttyUSB0', outlets: [OUTLET] }],
      },
    ],
  })
  const sshd = await operation.startRelay()
  cleanup(sshd.stop)
  const card = await cardFrom(image, folder)
  await addTestShell(card.path)
  await card.write(
    'oobm.toml',
    `${await withPower(operation, folder)}\n${portOf('role = "client"', `fallback = "${HERE}/24"`)}`,
  )
  const laptop = await makeLaptop(run, folder)
  const vm = boardOf('vm', hasKvm())
  const commandLine = (await readFile(join(image, 'cmdline.txt'), 'utf8')).trim()
  let starts = 0
  const powerOn = async () => {
    await laptop.layCable()
    const directory = join(folder, `start-${++starts}`)
    const sound = join(folder, `voice-${starts}.wav`)
    const machine = await startQemu({
      board: {
        ...vm,
        hasShell: true,
        machine: [...vm.machine, '-audiodev', `wav,id=voice,path=${sound}`, '-smbios', `type=1,serial=${SERIAL}`],
        network: ADAPTERS,
        kernelOptions: [...vm.kernelOptions, IDLE_DRIVERS],
      },
      ...{ boot: join(image, 'boot'), card: card.path, directory, adapter: 'plugged' },
      commandLine,
    })
    cleanup(machine.cutPower)
    note(`the board starts (console output: ${machine.directory})`)
    await laptop.plugIn(`${LAPTOP}/24`)
    await machine.untilUp()
    const board = boardWith(machine, technician(operation.sshConfig), vm.patienceMs)
    await board.untilProved(0)
    return { board, sound }
  }
  let now = await powerOn()
  return {
    ...{ laptop, operation },
    get board() {
      return now.board
    },
    heard: () => readFile(now.sound),
    plugSoundCardIn: async () => {
      const card = { driver: 'usb-audio', id: 'speaker', audiodev: 'voice', bus: 'usb.0' }
      await now.board.machine.qmp.execute('device_add', card)
    },
    settle: async settings => {
      await now.board.sh(`${bringing(settings)}; systemctl restart oobm-provision; systemctl reload systemd-networkd`)
    },
    settleAtStart: async settings => {
      const { machine, sh } = now.board
      await sh(bringing(settings))
      await sh('systemctl poweroff --no-block')
      await machine.untilOff()
      now = await powerOn()
    },
  }
}

/** As an administrator does. */
function bringing(settings: string): string {
  const text = Buffer.from(settings).toString('base64')
  return `set -e; echo ${text} | base64 -d >/tmp/change.toml; oobm import --yes /tmp/change.toml`
}

/** Of the provisioning file. */
export function portOf(...lines: string[]): string {
  return ['[[interfaces]]', `name = "${PORT}"`, ...lines, ''].join('\n')
}

/** The operator lets the technician switch the outlet. @returns the file for the card */
async function withPower({ fleet, operate }: Operation, folder: string): Promise<string> {
  const technicians = fleet.technicians.map(one => ({ ...one, power: 'all' }))
  await writeFile(join(folder, 'fleet.toml'), stringifyToml({ ...fleet, technicians }))
  const file = join(folder, 'site.toml')
  await operate('issue', DEVICE, '--out', file)
  return readFile(file, 'utf8')
}
