/** The pins of QEMU's ARM board from outside: what stands at each, and a level that is put on one. */
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { waitFor } from '../../testbed/wait-for.ts'
import type { QemuMachine } from './qemu.ts'
import { FILES } from './qemu-arguments.ts'

export interface Pins {
  /** The levels of all pins, as bits. */
  levels(): Promise<number>
  /** Puts a level on an input, as a wire does. */
  drive(pin: number, isHigh: boolean): Promise<void>
  close(): void
}

/** @param pinLevels physical address of the levels */
export async function connectPins(machine: QemuMachine, pinLevels: number): Promise<Pins> {
  const controller = await findController(machine)
  const socket = await waitFor('QEMU to open the socket of the wires', () =>
    tryConnect(join(machine.directory, FILES.wires)),
  )
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: socket }).on('line', line => waiting.shift()?.(line))
  return {
    levels: async () => {
      const said = await machine.qmp.monitor(`xp /1wx 0x${pinLevels.toString(16)}`)
      const [, levels] = /: 0x([0-9a-f]{8})/.exec(said) ?? []
      if (levels === undefined) throw new Error(`QEMU does not say how the pins are: ${said}`)
      return Number.parseInt(levels, 16)
    },
    drive: async (pin, isHigh) => {
      const answer = new Promise<string>(resolve => waiting.push(resolve))
      socket.write(`set_irq_in ${controller} unnamed-gpio-in ${pin} ${isHigh ? 1 : 0}\n`)
      const said = await answer
      if (!said.startsWith('OK')) throw new Error(`QEMU does not drive a pin: ${said}`)
    },
    close: () => socket.destroy(),
  }
}

/** @throws Error where the machine has none */
async function findController({ qmp }: QemuMachine): Promise<string> {
  const parent = '/machine/unattached'
  const children = (await qmp.execute('qom-list', { path: parent })) as { name: string; type: string }[]
  const found = children.find(({ type }) => type === 'child<pl061>')
  if (found === undefined) throw new Error('this machine has no PL061')
  return `${parent}/${found.name}`
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = createConnection(path)
    socket.on('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}
