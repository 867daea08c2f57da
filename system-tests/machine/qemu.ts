/** One run of an emulated board: from power on to power off, or to the plug being pulled. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Board } from './boards.ts'
import { connectQmp, type Qmp } from './qmp.ts'

/** So that the console's log says why, when a test fails (systemd-journald.service(8)). */
const JOURNAL_ON_CONSOLE = ['systemd.journald.forward_to_console=1', 'systemd.journald.max_level_console=info']

/** In a run's folder: the adapter's USB traffic, whole when QEMU has ended. */
export const USB_CAPTURE = 'usb.pcap'

export interface EmulatorOptions {
  board: Board
  /** Where the image's kernel, initrd and device trees were put beside it. */
  boot: string
  /** The image's own kernel command line. */
  commandLine: string
  /** The card's file. */
  card: string
  /** A folder of this run's own. */
  directory: string
  /** True: the adapter is there from the start. False: from the moment on when the equipment is connected. */
  adapterPlugged: boolean
}

export interface Emulator {
  readonly qmp: Qmp
  /** Unix socket of the emulated adapter's far end: the equipment. */
  readonly adapterSocket: string
  /** What the board printed on its console so far: the kernel's messages, and the journal's. */
  printed(): Promise<string>
  /** What QEMU itself said: nothing, when all is well. */
  output(): string
  ended(): boolean
  /** Pulls the plug: SIGKILL, nothing is flushed but what QEMU has handed to the host. */
  pullPlug(): Promise<void>
  /** Waits until the board has switched itself off. */
  untilOff(timeoutMs: number): Promise<void>
}

/** Switches the board on. The caller pulls the plug at last, whatever happened. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { board, boot, card, directory } = options
  const path = (name: string) => join(directory, name)
  const consoleFile = path('console.log')
  const otherLines = Array.from({ length: board.console.serialIndex }, () => ['-serial', 'null']).flat()
  const adapter = [
    ...['-chardev', `socket,id=adapter,path=${path('adapter.sock')},server=on,wait=off`],
    '-device',
    `usb-serial,chardev=adapter,pcap=${path(USB_CAPTURE)}${options.adapterPlugged ? ',always-plugged=on' : ''}`,
  ]
  const args = [
    ...board.machine,
    ...['-kernel', join(boot, 'vmlinuz'), '-initrd', join(boot, 'initrd.img')],
    ...(board.dtb === undefined ? [] : ['-dtb', join(boot, board.dtb)]),
    ...[
      '-append',
      [options.commandLine, `console=${board.console.tty}`, ...JOURNAL_ON_CONSOLE, ...board.kernelOptions].join(' '),
    ],
    ...['-drive', `file=${card},format=raw,${board.card.drive}`],
    ...['-netdev', 'user,id=net0', ...board.network],
    ...board.usb,
    ...adapter,
    ...[...otherLines, '-serial', `file:${consoleFile}`],
    ...['-qmp', `unix:${path('qmp.sock')},server=on,wait=off`],
    ...['-display', 'none', '-no-reboot', '-nodefaults'],
  ]
  const qemu = startProgram(board.emulator, args)
  try {
    return withControls(qemu, await connectQmp(path('qmp.sock'), qemu.ended), {
      adapterSocket: path('adapter.sock'),
      printed: () => readFile(consoleFile, 'latin1'),
    })
  } catch (err) {
    await qemu.stop(0)
    throw new Error(`${board.emulator} ${args.join(' ')}\n${qemu.output()}`, { cause: err })
  }
}

function withControls(qemu: Program, qmp: Qmp, files: Pick<Emulator, 'adapterSocket' | 'printed'>): Emulator {
  return {
    ...files,
    qmp,
    output: qemu.output,
    ended: qemu.ended,
    pullPlug: async () => {
      qemu.child.kill('SIGKILL')
      await qemu.stop(0)
      qmp.close()
    },
    untilOff: async timeoutMs => {
      await waitFor('the board to switch itself off', qemu.ended, { timeoutMs })
      qmp.close()
    },
  }
}
