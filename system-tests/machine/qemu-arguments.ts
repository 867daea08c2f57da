/** The command line of an emulated board; pure. */
import { join } from 'node:path'
import type { Board } from './boards.ts'

export interface PowerOn {
  board: Board
  /** Where its kernel, initrd and device tree are. */
  boot: string
  /** The image's own kernel command line, where it has one. */
  commandLine?: string
  /** The card's file, or the address of a disk that QEMU knows. */
  card: string
  /** A card that takes no writes. */
  readOnlyCard?: boolean
  /** A card that loses with the power what was not flushed. */
  volatileCard?: boolean
  /** A USB serial adapter: there from the start, or from the moment on when its far end is connected. */
  adapter?: 'plugged' | 'late'
  /** Whether its pins can be driven from outside. */
  hasWires?: boolean
  /** A folder of this start's own. */
  directory: string
}

/** Files in the folder of a start. */
export const FILES = {
  console: 'console.log',
  control: 'qmp.sock',
  /** The adapter's far end, and its USB traffic, which is whole when QEMU has ended. */
  adapter: 'adapter.sock',
  /** QEMU's test protocol (docs/devel/testing/qtest.rst), by which a pin is driven from outside. */
  wires: 'qtest.sock',
  usbCapture: 'usb.pcap',
} as const

export function qemuArguments({ board, boot, commandLine = '', card, directory, ...more }: PowerOn): string[] {
  const file = (name: keyof typeof FILES) => join(directory, FILES[name])
  const { tty, serialIndex } = board.console
  const kernel = [commandLine, `console=${tty}`, ...board.kernelOptions].filter(text => text !== '')
  return [
    ...board.machine,
    ...['-kernel', join(boot, 'vmlinuz'), '-initrd', join(boot, 'initrd.img'), '-append', kernel.join(' ')],
    ...(board.dtb === undefined ? [] : ['-dtb', join(boot, board.dtb)]),
    ...['-drive', `file=${card},format=raw,${board.drive},readonly=${more.readOnlyCard ? 'on' : 'off'}`],
    ...board.network,
    ...(more.adapter === undefined ? [] : adapter(file('adapter'), file('usbCapture'), more.adapter === 'plugged')),
    ...Array.from({ length: serialIndex }, () => ['-serial', 'null']).flat(),
    ...['-serial', `file:${file('console')}`, ...(board.hasShell ? shell(board.shellLine) : [])],
    ...(more.hasWires ? ['-qtest', `unix:${file('wires')},server=on,wait=off`, '-qtest-log', 'none'] : []),
    ...['-qmp', `unix:${file('control')},server=on,wait=off`],
    ...['-display', 'none', '-no-reboot', '-nodefaults'],
  ]
}

function shell(line?: readonly string[]): string[] {
  return line === undefined ? ['-serial', 'stdio'] : ['-chardev', 'stdio,id=shell,signal=off', ...line]
}

function adapter(socket: string, capture: string, isPlugged: boolean): string[] {
  const device = `usb-serial,chardev=adapter,pcap=${capture}${isPlugged ? ',always-plugged=on' : ''}`
  return ['-chardev', `socket,id=adapter,path=${socket},server=on,wait=off`, '-device', device]
}
