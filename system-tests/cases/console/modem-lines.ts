/** What open, close, restart and crash of the bridge do to DTR, RTS and BREAK: the requests on the USB bus to the adapter. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Steps } from '../../case.ts'
import { FILES } from '../../machine/qemu-arguments.ts'
import { type Lines, lineRequests, usbBreaks } from '../../machine/usb-capture.ts'
import { type Board, CONSOLE, cardOf, type Stage, startBoard } from './board.ts'

const TURNS = 2
/** The second one is the longest that there is. */
const [BREAK_MS, LONG_BREAK_MS] = [700, 3_000]
const KILL = 'systemctl kill --signal=KILL oobm-console'
/** QEMU's trace of a request SET_DATA whose value has the break bit. */
const IN_BREAK = /usb_serial_handle_control .* control 0x4004, value 0x4/

export async function checkModemLines(stage: Stage, steps: Steps): Promise<undefined> {
  const board: Board = await startBoard({ ...steps, card: await cardOf(stage, steps), adapter: 'plugged' })
  const opens = { count: 0 }
  let pid = 0
  const openedAfter = async (command: string) => {
    await board.sh(command)
    pid = await board.untilOpen(CONSOLE, pid)
    opens.count++
  }
  await steps.essential('the console opens', async () => {
    await openedAfter(':')
    return undefined
  })
  await steps.step('the bridge is restarted, stopped and started, and killed', async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      await openedAfter('systemctl restart oobm-console')
      await openedAfter('systemctl stop oobm-console && systemctl start oobm-console')
      await openedAfter(KILL)
    }
    return `${3 * TURNS} times`
  })
  await steps.step('a BREAK, and one during which the bridge is killed', async () => {
    await board.sh(`oobm console break ${CONSOLE} ${BREAK_MS}`)
    await untilBreak(board, `oobm console break ${CONSOLE} ${LONG_BREAK_MS}`)
    await openedAfter(KILL)
    return undefined
  })
  await steps.step('DTR by hand', async () => {
    await board.sh(`oobm console set ${CONSOLE} dtr off && oobm console set ${CONSOLE} dtr on`)
    return undefined
  })
  await board.machine.stop()
  const capture = await readFile(join(board.machine.directory, FILES.usbCapture))
  await steps.step('DTR, RTS and BREAK on the USB bus', async () => onBus(capture, opens.count))
  return undefined
}

/** Runs a command, and returns when the BREAK that it sends has begun. QEMU prints its trace where the shell answers. */
async function untilBreak({ sh, machine }: Board, command: string): Promise<void> {
  const trace = (enable: boolean) =>
    machine.qmp.execute('trace-event-set-state', { name: 'usb_serial_handle_control', enable })
  await sh(`(${command}) >/dev/null 2>&1 &`)
  const from = machine.output().length
  await trace(true)
  await waitFor(
    'the BREAK on the USB bus',
    () => {
      if (machine.isOff()) throw new Error('it went off')
      return IN_BREAK.test(machine.output().slice(from))
    },
    { timeoutMs: 120_000 },
  )
  await trace(false)
}

/** Changes of the lines, in words. */
const EXPECTED = ['DTR on', 'RTS on', 'BREAK on', 'BREAK off', 'BREAK on', 'BREAK off', 'DTR off', 'DTR on']

function onBus(capture: Buffer, opens: number): string {
  const requests = [...lineRequests(capture)]
  const changes = changesOf(requests)
  if (changes.join() !== EXPECTED.join()) throw new Error(`the lines changed: ${changes.join(', ')}`)
  const [asked = 0, cut = 0] = usbBreaks(capture)
  if (asked < BREAK_MS) throw new Error(`a BREAK of ${BREAK_MS} ms lasted ${asked} ms`)
  return `on at the first of ${opens} opens, unchanged by ${requests.length} requests but for what was asked for; BREAK of ${Math.round(asked)} ms; the one of the killed bridge ended after ${Math.round(cut)} ms`
}

function changesOf(requests: readonly Lines[]): string[] {
  const changes: string[] = []
  let before = { dtr: false, rts: false, break: false }
  for (const now of requests) {
    for (const name of ['dtr', 'rts', 'break'] as const) {
      if (now[name] !== before[name]) changes.push(`${name.toUpperCase()} ${now[name] ? 'on' : 'off'}`)
    }
    before = now
  }
  return changes
}
