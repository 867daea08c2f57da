/** The lab's one screen: how the system is now, and what to type; a pure function, and the redrawing of its lines. */
import colors from 'yoctocolors'
import type { Reading } from '../device/daemons/read-daemon.ts'
import { STATES, type State } from '../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../formats/status-file.ts'
import { phaseAt } from '../supervisor/led/pattern.ts'

export interface ScreenState {
  /** The lab's folder as a person would type it. */
  directory: string
  /** `sim:router`, or the real port in its place. */
  equipment: string
  supervisor: Reading<SupervisorStatus>
  bridge: Reading<ConsoleStatus>
  /** What the LED's file holds; undefined while it is dark. */
  led: State | undefined
  /** When it began to show that, in milliseconds since 1970. */
  ledSinceMs: number
  /** Milliseconds since 1970. */
  nowMs: number
  /** The relay's sshd, and its sessions. */
  relayPids: readonly number[]
  deviceSshdPid: number
}

/** Columns beside the labels. */
const TEXT_WIDTH = 68

type Absent = Extract<Reading<unknown>, { running: false }>

/** At most 23 lines of at most 80 columns. */
export function renderScreen(state: ScreenState): string[] {
  return [
    `${colors.bold('oobm lab')}  all on this machine, logs in ${state.directory}/log/; Ctrl-C ends it`,
    '',
    ...describeDevice(state),
    ...describeConsoles(state),
    '',
    ...renderCommands(state),
  ]
}

function describeDevice({ supervisor, led, ledSinceMs, nowMs }: ScreenState): string[] {
  const lamp = led !== undefined && phaseAt(led, nowMs - ledSinceMs).lit ? colors.green('●') : colors.dim('○')
  const ledLine = row('LED', `${lamp} ${led === undefined ? 'dark' : `${led}: ${STATES[led].looks}`}`)
  if (!supervisor.running) return describeAbsent(supervisor, led, ledLine)
  const { state, cause, proof, relay, connectedAt, retryAt } = supervisor.status
  const proved =
    proof.provedAt === null
      ? 'not proved yet'
      : `proved ${age(nowMs - proof.provedAt)} ago${proof.by === null ? '' : ` by ${proof.by}`}${took(proof.tookMs)}`
  const tunnel =
    connectedAt === null
      ? `no tunnel, ${retryAt === null || retryAt <= nowMs ? 'trying now' : `next try in ${age(retryAt - nowMs)}`}`
      : `tunnel up for ${age(nowMs - connectedAt)}${proof.probeMs === null ? '' : `, last probe ${Math.round(proof.probeMs)} ms`}`
  return [
    row('status', `${paint(state)(colors.bold(state))}, ${proved}`),
    row('', cut(cause)),
    ledLine,
    row('relay', `${relay === null ? 'none' : `${relay.host}:${relay.port}`}, ${tunnel}`),
  ]
}

/** Nothing that the device said last is shown: nobody knows whether it still is so. */
function describeAbsent({ state, problem }: Absent, led: State | undefined, ledLine: string): string[] {
  if (state === 'gone')
    return [row('status', 'the device has not said anything yet'), row('', ''), ledLine, row('relay', '')]
  const still = led === undefined ? ledLine : row('LED', `${colors.dim('●')} does not move: nothing drives it`)
  return [row('status', colors.red(colors.bold('not answering'))), row('', cut(problem)), still, row('relay', '')]
}

function describeConsoles({ bridge }: ScreenState): string[] {
  if (!bridge.running) {
    if (bridge.state === 'gone') return [row('console', 'the console bridge has not said anything yet')]
    return [row('console', colors.red(cut(bridge.problem)))]
  }
  return bridge.status.consoles.map(({ name, path, settings, state, cause, sessions }) => {
    const who = sessions.map(({ technician, writer }) => `${technician}${writer ? ' types' : ' watches'}`)
    const where = `${name} on ${path} ${settings}`
    const people = cut(who.join(', ') || 'nobody is on it', 24)
    // The cause gets what the line has left.
    const closed = cut(`closed: ${cause}`, Math.max(10, TEXT_WIDTH - where.length - people.length - 4))
    return row('console', `${where}, ${state === 'open' ? colors.green('open') : colors.red(closed)}; ${people}`)
  })
}

/** What to type, while the lab runs. */
export function renderCommands({ directory, equipment, relayPids, deviceSshdPid }: ScreenState): string[] {
  const ssh = `ssh -F ${directory}/ssh_config`
  const simulated = equipment === 'sim:router'
  return [
    'In another terminal:',
    command(`${ssh} console`, `${simulated ? 'the router' : equipment}; there:`),
    command('    Enter, then ~B', simulated ? 'BREAK: in its first 60 s to rommon' : 'BREAK'),
    command('    Ctrl-] ?', 'help; Ctrl-] . leaves'),
    ...(simulated ? [command('    enable, reload', 'restarts it: 60 s for BREAK again')] : []),
    command(`${ssh} console break`, 'BREAK without a session'),
    command(`${ssh} shell`, 'a shell on the device'),
    command(`${directory}/oobm status`, 'also: test, doctor, led'),
    '',
    'What to try, and watch above (kill -CONT heals):',
    command(`kill -STOP ${relayPids.join(' ')}`, 'the relay hangs'),
    command(`kill -STOP ${deviceSshdPid}`, "the device's own sshd hangs"),
  ]
}

function row(label: string, text: string): string {
  return `  ${colors.dim(label.padEnd(8))}${text}`
}

function command(typed: string, does: string): string {
  return `  ${colors.cyan(typed.padEnd(37))} ${does}`
}

function paint(state: State): (text: string) => string {
  const { reach } = STATES[state]
  return { none: colors.red, off: colors.yellow, partly: colors.yellow, proved: colors.green }[reach]
}

function cut(text: string, width = TEXT_WIDTH): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

function took(ms: number | null): string {
  return ms === null ? '' : ` in ${Math.round(ms)} ms`
}

function age(ms: number): string {
  const s = Math.round(ms / 1000)
  return s < 120 ? `${s} s` : `${Math.round(s / 60)} min`
}

/** Draws lines over the ones before, and only when they differ. */
export function createScreen(out: NodeJS.WriteStream): { draw(lines: string[]): void; close(): void } {
  let before = ''
  // DECTCEM hides the cursor; DECAWM off cuts a line at the edge instead of breaking it (xterm's ctlseqs).
  out.write('\x1b[?25l\x1b[?7l\x1b[H\x1b[2J')
  return {
    draw(lines) {
      const text = lines
        .slice(0, out.rows || lines.length)
        .map(line => `${line}\x1b[K`)
        .join('\r\n')
      if (text === before) return
      before = text
      out.write(`\x1b[H${text}\x1b[J`)
    },
    close: () => out.write('\x1b[?7h\x1b[?25h\r\n'),
  }
}
