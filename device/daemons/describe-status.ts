/** The two daemons' status as lines for a terminal; pure. */

import type { Paint } from '../../cli/paint.ts'
import { describeAge, describeDuration } from '../../cli/times.ts'
import type { ModemStatus } from '../../formats/modem-status.ts'
import { RECOVERY_WORDS } from '../../formats/recovery-steps.ts'
import { STATES } from '../../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { describeWay, RUNG_NAMES } from '../../formats/ways-out.ts'
import { timeText } from '../../runtime/time-text.ts'
import { describeHotspot } from './describe-hotspot.ts'
import { describeModem } from './describe-modem.ts'
import { describeRouter } from './describe-router.ts'
import { describeUserdata } from './describe-userdata.ts'
import type { Reading } from './read-daemon.ts'
import type { RouterReading } from './read-routers.ts'

type Absent = Extract<Reading<unknown>, { running: false }>

/** Changes shown; the file has more. */
const LATEST_CHANGES = 8

/** How the way back was proved, as the end of a sentence. */
const PROVED_BY = { login: ' by a login through the tunnel', 'self-test': ' by the self-test' } as const

const ABSENT = { gone: 'not running', silent: 'not answering', unknown: 'unknown' } as const

export function describeStatus(
  supervisor: Reading<SupervisorStatus>,
  bridge: Reading<ConsoleStatus>,
  nowMs: number,
  paint: Paint,
  routers: readonly RouterReading[] = [],
  modems?: Reading<ModemStatus>,
): string[] {
  return [
    ...(supervisor.running
      ? describeSupervisor(supervisor.status, nowMs, paint)
      : describeAbsent(supervisor, 'oobm-supervisor', paint)),
    ...(modems === undefined ? [] : ['', ...describeModemProgram(modems, nowMs, paint)]),
    '',
    ...(bridge.running ? describeBridge(bridge.status, nowMs, paint) : describeAbsent(bridge, 'oobm-console', paint)),
    ...routers.flatMap(router => [
      '',
      ...describeRouter(router).map((line, at) => row(at === 0 ? 'router' : '', line)),
    ]),
  ]
}

/** How old the proof is and which it was, whatever the state. */
export function describeProof(
  { provedAt, by }: Pick<SupervisorStatus['proof'], 'provedAt' | 'by'>,
  nowMs: number,
): string {
  if (provedAt === null) return 'never proved since the start'
  return `proved ${describeAge(provedAt, nowMs)}${by === null ? '' : PROVED_BY[by]}`
}

function describeSupervisor(status: SupervisorStatus, nowMs: number, paint: Paint): string[] {
  const { state, proof, relay, connectedAt, sessions, retryAt } = status
  const { meaning, remedy, reach } = STATES[state]
  const colour = reach === 'proved' ? paint.good : paint.bad
  const details = [
    proof.tookMs === null ? '' : `took ${Math.round(proof.tookMs)} ms`,
    proof.probeMs === null ? '' : `probe ${Math.round(proof.probeMs)} ms`,
  ].filter(detail => detail !== '')
  const up = connectedAt === null ? '' : `, connected ${describeAge(connectedAt, nowMs)}`
  return [
    `${paint.strong(colour(state))}  ${describeProof(proof, nowMs)}  ${paint.faint(`(${status.device}, version ${status.software})`)}`,
    row('means', meaning),
    row('cause', status.cause),
    row('on site', remedy),
    row('since', `${timeText(status.since)}, ${describeAge(status.since, nowMs)}`),
    row('relay', relay === null ? 'none now' : `${relay.host}:${relay.port}${up}`),
    ...describeUplinks(status.uplinks ?? [], nowMs, paint),
    ...describeWays(status, nowMs, paint),
    ...(status.userdata === undefined ? [] : describeUserdata(status.userdata, nowMs, paint)).map((line, at) =>
      row(at === 0 ? 'userdata' : '', line),
    ),
    ...describePortals(status.portals ?? [], nowMs, paint),
    ...(status.hotspot === undefined ? [] : describeHotspot(status.hotspot, nowMs, paint)).map((line, at) =>
      row(at === 0 ? 'hotspot' : '', line),
    ),
    row('proof', [describeProof(proof, nowMs), ...details].join(', ')),
    ...(proof.attempt === null || proof.attempt.ok
      ? []
      : [row('', paint.bad(`the last try, ${describeAge(proof.attempt.at, nowMs)}, failed: see oobm test`))]),
    row('sessions', `${sessions.shell} in the shell, ${sessions.console} on consoles`),
    ...(retryAt === null ? [] : [row('next try', retryAt > nowMs ? `in ${describeDuration(retryAt - nowMs)}` : 'now')]),
    ...describeByHand(status, nowMs, paint),
    ...(status.recovery ?? []).flatMap(one => describeRecovery(one, nowMs, paint)),
    ...describeChanges(status.changes, paint),
  ]
}

/** What somebody beside the device has done. */
function describeByHand({ button, onLastGood }: SupervisorStatus, nowMs: number, paint: Paint): string[] {
  const says = !button
    ? []
    : button.problem !== null
      ? [row('button', paint.bad(`is not watched: ${button.problem}`))]
      : button.last === null
        ? []
        : [row('button', `${button.last.outcome}, ${describeAge(button.last.at, nowMs)}`)]
  const inUse = 'the last that was proved is in use, by the button: /etc/oobm/device.toml is not'
  return [...(onLastGood ? [row('settings', paint.bad(inUse))] : []), ...says]
}

function describeRecovery(
  { interface: name, cause, since, steps, next }: NonNullable<SupervisorStatus['recovery']>[number],
  nowMs: number,
  paint: Paint,
): string[] {
  const outcome = { asked: 'not answered yet', done: '', refused: 'refused', failed: 'failed' } as const
  return [
    row('Wi-Fi', paint.bad(`${name} ${cause}, since ${describeAge(since, nowMs)}`)),
    ...steps.map(({ step, at, result, detail }) =>
      row(
        '',
        [`${RECOVERY_WORDS[step].done} ${describeAge(at, nowMs)}`, outcome[result], detail]
          .filter(part => part !== '')
          .join(': '),
      ),
    ),
    ...(next === null
      ? []
      : [
          row(
            '',
            `next: ${RECOVERY_WORDS[next.step].toDo}, ${next.at > nowMs ? `in ${describeDuration(next.at - nowMs)}` : 'now'}`,
          ),
        ]),
  ]
}

function describeUplinks(uplinks: NonNullable<SupervisorStatus['uplinks']>, nowMs: number, paint: Paint): string[] {
  return uplinks.map(({ name, kind, metered, carries, provedAt, why, dayBytes }, at) => {
    const what = [
      carries ? paint.good('carries the tunnel') : why,
      provedAt === null ? '' : `proved ${describeAge(provedAt, nowMs)}`,
      dayBytes === null ? '' : `${(dayBytes / 1e6).toFixed(2)} MB in 24 hours`,
    ]
    const kinds = { cable: 'cable', wifi: 'Wi-Fi', modem: 'modem' }
    const which = `${name} (${kinds[kind]}${metered ? ', metered' : ''})`
    return row(at === 0 ? 'uplinks' : '', [which, ...what.filter(text => text !== '')].join(', '))
  })
}

/** The way that the tunnel goes, where it is no plain connection, and the ways that failed when they were tried last. */
function describeWays({ relay, way, ways = [] }: SupervisorStatus, nowMs: number, paint: Paint): string[] {
  const special = way ? describeWay(way) : ''
  const failed = ways.filter(
    ({ relay: of, cause }) => cause !== null && (relay === null || of === `${relay.host}:${relay.port}`),
  )
  const isWorthSaying = special !== '' || failed.length > 1
  return [
    ...(special === '' ? [] : [row('way', special)]),
    ...(isWorthSaying ? failed : []).map(({ rung, interface: name, cause, at }) => {
      const over = name ? ` over ${name}` : ''
      return row('', paint.faint(`${RUNG_NAMES[rung]}${over} failed ${describeAge(at, nowMs)}: ${cause}`))
    }),
  ]
}

/** A person has to open the page: somebody in that network. */
function describePortals(portals: NonNullable<SupervisorStatus['portals']>, nowMs: number, paint: Paint): string[] {
  return portals.flatMap(({ interface: name, page, at }) => [
    row('portal', `${name === null ? '' : `${name}: `}${paint.bad(page)}, answered ${describeAge(at, nowMs)}`),
    row(
      '',
      'a captive portal: open that page in this network and accept it, or ask the site to let this board through',
    ),
  ])
}

function describeChanges(changes: SupervisorStatus['changes'], paint: Paint): string[] {
  if (changes.length === 0) return []
  const lines = changes
    .slice(-LATEST_CHANGES)
    .map(({ at, state, cause }) => `  ${paint.faint(timeText(at))}  ${state.padEnd(12)}  ${cause}`)
  return ['', paint.strong('latest changes'), ...lines]
}

function describeBridge(status: ConsoleStatus, nowMs: number, paint: Paint): string[] {
  if (status.consoles.length === 0)
    return [paint.strong('no consoles'), '  none is configured: [[consoles]] in oobm.toml']
  const lines = status.consoles.flatMap(line => {
    const heard =
      line.lastOutputAt === null ? 'silent since the start' : `heard ${describeAge(line.lastOutputAt, nowMs)}`
    const held = line.held && `held: ${line.held.cause}, since ${describeAge(line.held.since, nowMs)}`
    const state =
      line.state === 'open'
        ? held
          ? paint.bad(held)
          : paint.good('open')
        : (line.provisional ? paint.faint : paint.bad)(`closed: ${line.cause}, since ${describeAge(line.since, nowMs)}`)
    return [
      `  ${paint.strong(line.name)}  ${line.provisional ? 'spare port, ' : ''}${line.path} ${line.settings}  ${state}, ${heard}`,
      ...line.sessions.map(
        ({ technician, writer, from, since, via }) =>
          `    ${technician}${via ? ` (via ${via})` : ''} ${writer ? 'types' : 'watches'}, from ${from}, came ${describeAge(since, nowMs)}`,
      ),
    ]
  })
  return [paint.strong('consoles'), ...lines]
}

function describeModemProgram(modems: Reading<ModemStatus>, nowMs: number, paint: Paint): string[] {
  if (!modems.running) return describeAbsent(modems, 'oobm-modem', paint)
  return [paint.strong('modems'), ...modems.status.modems.flatMap(one => describeModem(one, nowMs, paint))]
}

function describeAbsent({ state, problem }: Absent, unit: string, paint: Paint): string[] {
  return [
    `${paint.strong(paint.bad(ABSENT[state]))}  ${problem}`,
    row('look', `systemctl status ${unit}; journalctl -u ${unit} -n 50`),
    row('restart', `sudo systemctl restart ${unit}`),
  ]
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text}`
}
