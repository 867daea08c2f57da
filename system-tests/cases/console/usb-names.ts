/** Consoles by USB port on a real kernel: four adapters at a hub, plugged in in any order, and the hub moved. */
import { join } from 'node:path'
import type { ConsoleStatus } from '../../../formats/status-file.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Steps } from '../../case.ts'
import type { QemuMachine } from '../../machine/qemu.ts'
import { AMBIGUOUS, type Board, cardOf, connectTo, HUB, HUB_PORT, type Stage, startBoard } from './board.ts'

/** Another port of the board. */
const OTHER_PORT = 3
const ALL = HUB.map(({ console }) => console)
/** The kernel has found the hub: what is plugged in from then on, it finds in that order. */
const HUB_FOUND = new RegExp(`usb \\d-${HUB_PORT}: new .*USB device`)

interface Adapter {
  port: string
  serialNumber: string | null
  shared: boolean
  tty: string
  console: string | null
  provisional: boolean
}

export async function checkUsbNames(stage: Stage, steps: Steps): Promise<undefined> {
  const card = await cardOf(stage, steps)
  const order = shuffled()
  let plugged: Targets | undefined
  const board = await startBoard({ ...steps, card }, async machine => {
    plugged = await targetsOf(machine)
    await plugged.plugHub(HUB_PORT)
    await machine.untilPrints(HUB_FOUND)
    await plugged.plugAll(HUB_PORT, order)
  })
  const targets = plugged as Targets
  let first = ''
  await steps.essential(`plugged in as ${portsOf(order)} during the start: each is its console`, async () => {
    first = await eachIsItsConsole(board, targets, 'at first')
    return first
  })
  await moveHub(board, targets, steps)
  // The other way round, so that the kernel gives other numbers for certain.
  const reversed = order.toReversed()
  await steps.step(`the hub back in its port, plugged in as ${portsOf(reversed)}: each is its console`, async () => {
    await targets.unplugHub()
    await untilClosed(board, ALL)
    await targets.plugHub(HUB_PORT)
    await targets.plugAll(HUB_PORT, reversed)
    const ttys = await eachIsItsConsole(board, targets, 'at last')
    if (ttys === first) throw new Error(`the kernel gave the same numbers again, which shows nothing: ${ttys}`)
    return ttys
  })
  return undefined
}

async function moveHub(board: Board, targets: Targets, steps: Steps): Promise<void> {
  await steps.step('the hub unplugged: all are closed', async () => {
    await targets.unplugHub()
    return untilClosed(board, ALL, `nothing is plugged in at USB port ${HUB_PORT}.2`)
  })
  await steps.step('the hub in another port: only what has a serial number of its own is there', async () => {
    await targets.plugHub(OTHER_PORT)
    await targets.plugAll(OTHER_PORT, shuffled())
    await board.untilOpen('core-sw1')
    const adapters = await adaptersOf(board, HUB.length)
    const found = adapters.map(({ port, console }) => `${port} ${console ?? 'none'}`).toSorted()
    const wanted = HUB.map(({ at, console }) => `${OTHER_PORT}.${at} ${at === 1 ? console : 'none'}`)
    if (found.join() !== wanted.join()) throw new Error(`adapters: ${found.join(', ')}`)
    await untilClosed(board, ['core-sw2', 'core-sw3'])
    return found.join(', ')
  })
}

/** @returns which number the kernel gave each port @throws where a console has another target than the one at its port */
async function eachIsItsConsole(board: Board, targets: Targets, mark: string): Promise<string> {
  for (const { console } of HUB) await board.untilOpen(console)
  const adapters = await adaptersOf(board, HUB.length)
  for (const { at, serialNumber, console } of HUB) {
    const found = adapters.find(({ port }) => port === `${HUB_PORT}.${at}`)
    const wanted = { serialNumber, console, shared: serialNumber === '0001', provisional: at === 4 }
    for (const [key, value] of Object.entries(wanted)) {
      const is = found?.[key as keyof Adapter]
      if (is !== value)
        throw new Error(`port ${HUB_PORT}.${at}: ${key} is ${is}, not ${value}: ${JSON.stringify(adapters)}`)
    }
    targets.say(at, `I am the target at ${at}, ${mark}\r\n`)
  }
  for (const { at, console } of HUB) {
    const log = await waitFor(
      `what the target at ${at} said, in the transcript of ${console}`,
      async () =>
        (await board.sh(`grep -h 'I am .* ${mark}.x0d' /var/lib/oobm-console/transcript/${console}/*.log || true`)) ||
        undefined,
      { timeoutMs: 300_000, paceMs: 1_000 },
    )
    const said = [...log.matchAll(/I am the target at (\d), /g)].map(([, number]) => number)
    if (said.join() !== `${at}`) throw new Error(`${console} has: ${log}`)
  }
  const { consoles } = await board.status()
  const ambiguous = consoles.find(({ name }) => name === AMBIGUOUS)
  if (ambiguous?.state === 'open' || !/several adapters of this name .* 0001/.test(ambiguous?.cause ?? ''))
    throw new Error(`${AMBIGUOUS}: ${JSON.stringify(ambiguous)}`)
  return adapters
    .map(({ port, tty }) => `${port} ${tty.replace('/dev/', '')}`)
    .toSorted()
    .join(', ')
}

/** Waits until these are closed, and core-sw2 for this cause. @returns its cause */
async function untilClosed(board: Board, names: readonly string[], cause = ''): Promise<string> {
  const causeOf = ({ consoles }: ConsoleStatus) => consoles.find(({ name }) => name === 'core-sw2')?.cause ?? ''
  // An empty spare port is no console at all.
  const areClosed = (status: ConsoleStatus) =>
    names.every(name => status.consoles.find(one => one.name === name)?.state !== 'open') &&
    causeOf(status).includes(cause)
  return causeOf(await board.until(`${names.join(', ')} to be closed`, areClosed))
}

async function adaptersOf({ sh }: Board, count: number): Promise<Adapter[]> {
  const { adapters } = JSON.parse(await sh('oobm console adapters --json')) as { adapters: Adapter[] }
  if (adapters.length !== count) throw new Error(`${adapters.length} adapters: ${JSON.stringify(adapters)}`)
  return adapters
}

type Targets = Awaited<ReturnType<typeof targetsOf>>

/** The hub and its adapters, as somebody on site plugs them. */
async function targetsOf({ qmp, directory, printed, isOff }: QemuMachine) {
  const sockets = new Map<number, Awaited<ReturnType<typeof connectTo>>>()
  for (const { at } of HUB) {
    const path = join(directory, `target-${at}.sock`)
    const backend = { type: 'socket', data: { addr: { type: 'unix', data: { path } }, server: true, wait: false } }
    await qmp.execute('chardev-add', { id: `target-${at}`, backend })
    sockets.set(at, await connectTo(path))
  }
  let turn = 0
  const add = (driver: string, more: object) => qmp.execute('device_add', { driver, bus: 'usb.0', ...more })
  return {
    plugHub: (port: number) => add('usb-hub', { id: `hub-${++turn}`, port: `${port}` }),
    /** With all that is plugged in to it. */
    unplugHub: () => qmp.execute('device_del', { id: `hub-${turn}` }),
    /** One after the other, each when the kernel has given the one before its number. */
    plugAll: async (port: number, order: typeof HUB) => {
      for (const { at, serialNumber: serial } of order) {
        const attached = () => {
          if (isOff()) throw new Error('it went off')
          return printed().match(new RegExp(`usb \\d-${port}\\.${at}: FTDI .* now attached`, 'g'))?.length ?? 0
        }
        const before = attached()
        await add('usb-serial', { port: `${port}.${at}`, serial, chardev: `target-${at}` })
        await waitFor(`the kernel to have found port ${port}.${at}`, () => attached() > before, { timeoutMs: 300_000 })
      }
    },
    say: (at: number, text: string) => void sockets.get(at)?.write(text),
  }
}

function shuffled(): typeof HUB {
  return HUB.map(one => ({ one, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ one }) => one)
}

const portsOf = (order: typeof HUB) => order.map(({ at }) => at).join(' ')
