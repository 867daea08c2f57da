/** The lab's one screen as lines, each as wide as the terminal at most: how everything is, what to type, what to break; pure. */
import colors from 'yoctocolors'
import { shortAge } from '../cli/times.ts'
import { fitWidth, textWidth } from '../cli/width.ts'
import { STATES, type State } from '../formats/states.ts'
import type { ConsoleStatus } from '../formats/status-file.ts'
import { printable } from '../runtime/printable.ts'
import { phaseAt } from '../supervisor/led/pattern.ts'
import { BREAK_NAMES, BREAKS } from './break-table.ts'
import type { DeviceLook, Look } from './look.ts'
import type { News } from './news.ts'
import { type Typed, whatToType } from './what-to-type.ts'

export interface ScreenState {
  /** The lab's folder as a person would type it. */
  folder: string
  relayPort: number
  look: Look
  news: readonly News[]
  /** The name of the device whose parts the keys break. */
  chosen: string
  /** What the last key came to; '' for nothing. */
  message: string
  columns: number
  rows: number
  /** Milliseconds since 1970. */
  nowMs: number
}

/** From here, a device's row has its sentence. */
const WIDE = 110
/** Columns of a command's explanation, below which it is left out. */
const EXPLAINED = 16

/** Lines between the parts, and of news for which all commands are not left out. */
const [GAPS, NEWS] = [3, 8]

/** A line, and how it is painted once it fits. */
type Part = [text: string, paint?: (text: string) => string]
type Row = Part[]

export function drawScreen(screen: ScreenState): string[] {
  const { columns, rows } = screen
  const fleet = [title(screen), ...screen.look.devices.map(device => deviceRow(screen, device)), detail(screen)]
  const breaks = breakRows(screen)
  const taken = (typed: readonly Row[]) => fleet.length + breaks.length + typed.length
  const all = typedRows(screen, true)
  const typed = taken(all) + NEWS <= rows ? all : typedRows(screen, false)
  const spare = rows - taken(typed)
  const blank: Row[] = spare >= GAPS + 1 ? [[]] : []
  const news = newsRows(screen, Math.max(1, spare - (blank.length > 0 ? GAPS : 0)))
  return [...fleet, ...blank, ...typed, ...blank, ...breaks, ...blank, ...news]
    .slice(0, rows)
    .map(row => paintRow(row, columns))
}

function title({ relayPort, look }: ScreenState): Row {
  const isStopped = look.broken.some(({ name }) => name === 'relay')
  return [
    ['oobm lab', colors.bold],
    [`  relay 127.0.0.1:${relayPort}${isStopped ? ' (stopped)' : ''}, three devices, on this machine; Ctrl-C ends it`],
  ]
}

function deviceRow({ chosen, columns, nowMs }: ScreenState, device: DeviceLook): Row {
  const { name, led, ledSinceMs, supervisor } = device
  const isLit = led !== undefined && phaseAt(led, nowMs - ledSinceMs).lit
  const lamp: Part = isLit ? ['●', led === undefined ? String : paintOf(led)] : ['○', colors.dim]
  const head: Row = [[name === chosen ? '> ' : '  ', colors.bold], lamp, [` ${fitWidth(name, 12)}`]]
  if (!supervisor.running) {
    const word = supervisor.state === 'gone' ? 'starts' : 'not answering'
    return [...head, [` ${fitWidth(word, 13)} `, colors.red], [printable(supervisor.problem, 400)]]
  }
  const { state, cause, proof } = supervisor.status
  const proved = proof.provedAt === null ? 'not proved' : `proved ${shortAge(proof.provedAt, nowMs)}`
  const line = consoleText(device)
  const wide: Row = columns >= WIDE ? [[fitWidth(line, 44)], [`  ${printable(cause, 400)}`, colors.dim]] : [[line]]
  return [
    ...head,
    [` ${fitWidth(state, 12)} `, text => colors.bold(paintOf(state)(text))],
    [`${fitWidth(proved, 10)} `],
    ...wide,
  ]
}

function consoleText({ bridge, console }: DeviceLook): string {
  if (!bridge.running) return `${console} ${bridge.state === 'gone' ? 'starts' : 'does not answer'}`
  return bridge.status.consoles
    .map(
      line =>
        `${line.name}${line.state === 'open' ? people(line) || ' open' : ` closed: ${printable(line.cause, 200)}`}`,
    )
    .join('; ')
}

function people({ sessions }: ConsoleStatus['consoles'][number]): string {
  const list = sessions.map(({ technician, writer }) => `${printable(technician, 40)} ${writer ? 'types' : 'watches'}`)
  return list.length === 0 ? '' : `: ${list.join(', ')}`
}

/** The chosen device in words. */
function detail({ look, chosen, nowMs }: ScreenState): Row {
  const device = look.devices.find(({ name }) => name === chosen)
  if (!device?.supervisor.running) return []
  const { cause, connectedAt, retryAt, proof } = device.supervisor.status
  const looks = device.led === undefined ? 'dark' : STATES[device.led].looks
  const tunnel =
    connectedAt === null
      ? `no tunnel${retryAt === null || retryAt <= nowMs ? '' : `, next try in ${shortAge(nowMs, retryAt)}`}`
      : `tunnel up ${shortAge(connectedAt, nowMs)}${proof.probeMs === null ? '' : `, round trip ${Math.round(proof.probeMs)} ms`}`
  return [[`    ${[printable(cause, 400), `LED ${looks}`, tunnel].join('; ')}`, colors.dim]]
}

function typedRows(screen: ScreenState, isFull: boolean): Row[] {
  const { folder, columns, look } = screen
  const from = (place: string) =>
    whatToType(place, look.devices[0]?.equipment ?? '').filter(({ isFirst }) => isFull || isFirst)
  const widthOf = (typed: readonly Typed[]) => Math.max(...typed.map(({ command }) => textWidth(command)))
  // A command that is cut is no command.
  const isLong = widthOf(from(folder)) + 2 > columns
  const typed = from(isLong ? '.' : folder)
  const width = widthOf(typed)
  const isExplained = columns - width - 4 >= EXPLAINED
  return [
    [[isLong ? 'In another terminal:' : 'In another terminal, from any folder:', colors.bold]],
    ...(isLong ? [[[`  cd ${folder}`, colors.cyan] as Part]] : []),
    ...typed.map(
      ({ command, does }): Row => [
        [`  ${isExplained ? fitWidth(command, width) : command}`, colors.cyan],
        ...(isExplained ? [[`  ${does}`] as Part] : []),
      ],
    ),
  ]
}

function breakRows({ look, chosen }: ScreenState): Row[] {
  const width = Math.max(
    ...BREAK_NAMES.map(name => Math.max(BREAKS[name].does.length, BREAKS[name].mends?.length ?? 0)),
  )
  return [
    [[`Keys: break ${chosen}`, colors.bold], [' (1 2 3 choose another), m mends all, d opens the desk']],
    ...BREAK_NAMES.map((name): Row => {
      const { key, of, does, mends = '', seen } = BREAKS[name]
      const device = of === 'device' ? chosen : undefined
      const isBroken = look.broken.some(broken => broken.name === name && broken.device === device)
      const text = fitWidth(isBroken ? mends : does, width)
      return [
        [`  ${key}`, colors.cyan],
        [`  ${text}  `, isBroken ? colors.yellow : String],
        [seen, colors.dim],
      ]
    }),
  ]
}

function newsRows({ news, message }: ScreenState, count: number): Row[] {
  const told: Row[] = message === '' ? [] : [[[printable(message, 400), colors.yellow]]]
  const shown = news.slice(Math.min(-1, told.length - count)).map(({ atMs, text }): Row => [[newsLine(atMs, text)]])
  return [...shown, ...told].slice(-count)
}

/** `12:00:05 tokyo-rack1 ready: proved`. */
export function newsLine(atMs: number, text: string): string {
  const at = new Date(atMs)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${printable(text, 1_000)}`
}

function paintOf(state: State): (text: string) => string {
  const { reach } = STATES[state]
  return { none: colors.red, off: colors.yellow, partly: colors.yellow, proved: colors.green }[reach]
}

function paintRow(row: Row, columns: number): string {
  let left = columns
  const painted: string[] = []
  for (const [text, paint = String] of row) {
    if (left <= 0) break
    const width = textWidth(text)
    painted.push(paint(width <= left ? text : fitWidth(text, left)))
    left -= width
  }
  return painted.join('')
}
