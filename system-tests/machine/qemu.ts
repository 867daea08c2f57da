/** A machine in QEMU: from power on until it switches itself off, or until its power is cut. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../runtime/errors.ts'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Machine } from './machine.ts'
import { FILES, type PowerOn, qemuArguments } from './qemu-arguments.ts'
import { connectQmp, type Qmp } from './qmp.ts'
import { serveVolatileDisk, type VolatileDisk } from './volatile-disk.ts'

export interface QemuMachine extends Machine {
  /** Where the files of this start are. */
  readonly directory: string
  readonly qmp: Qmp
  /** Unix socket of the adapter's far end: the equipment. */
  readonly adapterSocket: string
  /** It was switched off, or its power was cut. */
  isOff(): boolean
  /** What QEMU itself said: nothing, when all is well and the board has no shell. */
  output(): string
  /** Ends QEMU by itself, so that its captures are whole; for the machine this is a power cut. */
  stop(): Promise<void>
}

/** Milliseconds for QEMU to end when it is asked to. */
const QUIT_MS = 20_000

/** Switches a machine on. The caller cuts its power at last, whatever happened. */
export async function startQemu(options: PowerOn): Promise<QemuMachine> {
  const { board, directory } = options
  await mkdir(directory, { recursive: true })
  const disk = options.volatileCard ? await serveVolatileDisk(options.card, directory) : undefined
  const args = qemuArguments({ ...options, card: disk?.uri ?? options.card })
  const qemu = startProgram(board.emulator, args)
  try {
    const qmp = await connectQmp(join(directory, FILES.control), qemu.ended)
    return controlled(qemu, qmp, disk, options)
  } catch (err) {
    await qemu.stop(0)
    await disk?.cut()
    throw new Error(`${board.emulator} ${args.join(' ')}\n${qemu.output()}`, { cause: err })
  }
}

function controlled(
  qemu: Program,
  qmp: Qmp,
  disk: VolatileDisk | undefined,
  { board, directory }: PowerOn,
): QemuMachine {
  const consoleFile = join(directory, FILES.console)
  const printed = () => (existsSync(consoleFile) ? readFileSync(consoleFile, 'latin1') : '')
  const until = async <T>(what: string, probe: () => T, timeoutMs = board.patienceMs) => {
    try {
      return await waitFor(
        what,
        () => {
          const found = probe()
          if (!found && qemu.ended()) throw new Error(`it went off before ${what}`)
          return found
        },
        { timeoutMs },
      )
    } catch (err) {
      throw new Error(`${errorMessage(err)}\n${printed().slice(-4000)}\n${qemu.output().slice(-1000)}`)
    }
  }
  const machine: QemuMachine = {
    ...{
      directory,
      qmp,
      printed,
      output: qemu.output,
      isOff: qemu.ended,
      adapterSocket: join(directory, FILES.adapter),
    },
    untilPrints: pattern => until(`"${pattern}" on its console`, () => printed().match(pattern)),
    untilUp: async () => {
      await until('its shell', () => qemu.output().includes('agent-ready\n'))
    },
    sh: async script => {
      if (!board.hasShell) throw new Error('this board has no shell for tests: a technician comes in by the relay')
      const from = qemu.output().length
      qemu.child.stdin?.write(`${oneLine(script)}\n`)
      const [, said = '', code = ''] = await until(`an answer to: ${script}`, () =>
        qemu
          .output()
          .slice(from)
          .match(/^([\s\S]*?)\n=(\d+)=\n/),
      )
      if (code !== '0') throw new Error(`exit ${code} of: ${script}\n${said}`)
      return said.replace(/\n$/, '')
    },
    untilOff: async () => {
      await until('power off', qemu.ended)
      // QEMU flushes when it ends by itself.
      await disk?.cut()
      qmp.close()
    },
    cutPower: async () => {
      // First the disk: where QEMU is gone, a last flush may not come after it.
      await disk?.cut()
      qemu.child.kill('SIGKILL')
      await qemu.stop(0)
      qmp.close()
    },
    stop: async () => {
      await qmp.execute('quit').catch(() => {})
      await waitFor('QEMU to end', qemu.ended, { timeoutMs: QUIT_MS }).catch(() => {})
      await machine.cutPower()
    },
  }
  return machine
}

/** The agent reads a line at a time. */
function oneLine(script: string): string {
  return script.includes('\n') ? `eval "$(echo ${Buffer.from(script).toString('base64')} | base64 -d)"` : script
}
