/** The console of a board through the relay: an adapter that is plugged in while it runs, the router's prompt, and BREAK. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { QemuMachine } from '../../machine/qemu.ts'
import { FILES } from '../../machine/qemu-arguments.ts'
import { usbBreaks } from '../../machine/usb-capture.ts'
import { plugIn } from './equipment.ts'
import { CONSOLE } from './relay.ts'
import type { Scene } from './scene.ts'
import { type Technician, type as typeInto } from './technician.ts'

/** Milliseconds between two presses of Return. */
const RETURN_KEY_MS = 3_000

export async function checkConsole(
  { steps, patienceMs }: Scene,
  machine: QemuMachine,
  tess: Technician,
): Promise<void> {
  await steps.step('adapter plugged in late: console through the relay', async () => {
    const equipment = await plugIn(machine.adapterSocket)
    await waitFor('the console to be open', async () => (await consoleState(tess)) === 'open', {
      timeoutMs: patienceMs,
    })
    const console = tess.console()
    try {
      // A router that is starting takes no key: as a person does, again and again.
      await waitFor(
        'the router to give its prompt',
        async () => {
          typeInto(console, '\r')
          return console.says(/Router>/, RETURN_KEY_MS).catch(() => undefined)
        },
        { timeoutMs: patienceMs },
      )
      typeInto(console, '~B')
      // OpenSSH takes ~ only at the start of a line, and the break has passed when the next answer is there.
      await waitFor('the bridge to have sent the break', async () => (await breaksOf(tess)) > 0, {
        timeoutMs: patienceMs,
      })
      typeInto(console, '\rshow version\r')
      await console.says(/uptime|Version/, patienceMs)
      return `the router answered at its prompt, and heard ${equipment.heard().length} bytes`
    } finally {
      await console.stop()
    }
  })
}

/** @param directory of the run, which is over: only then is QEMU's capture whole */
export async function checkBreak({ steps }: Scene, directory: string): Promise<void> {
  await steps.step('BREAK by ~B on the USB bus', async () => {
    const lengths = usbBreaks(await readFile(join(directory, FILES.usbCapture)))
    if (lengths.length !== 1 || (lengths[0] ?? 0) < 900) throw new Error(`breaks seen: ${JSON.stringify(lengths)} ms`)
    return `one break of ${Math.round(lengths[0] ?? 0)} ms (OpenSSH asks for 1000)`
  })
}

async function consoleState(tess: Technician): Promise<string | undefined> {
  const bridge = await tess.bridge().catch(() => undefined)
  return bridge?.consoles.find(({ name }) => name === CONSOLE)?.state
}

async function breaksOf(tess: Technician): Promise<number> {
  const count = await tess.shell('journalctl -u oobm-console -o cat | grep -c "break sent" || true').catch(() => '0')
  return Number(count.trim())
}
