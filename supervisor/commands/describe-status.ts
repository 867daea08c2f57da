/** The two daemons' status as lines for a terminal; pure. */
import type { ConsoleStatus, SupervisorStatus } from '../../runtime/status-file.ts'
import { STATUS_WORDS, type Word } from '../../runtime/status-words.ts'
import type { Paint } from './command.ts'
import type { Reading } from './read-daemon.ts'
import { describeAge, describeDuration, describeInstant } from './times.ts'

/** Changes shown; the file has more. */
const LATEST_CHANGES = 8

/** Whether a technician can get in. */
export function isReady(word: Word): boolean {
  return word === 'ready' || word === 'in-use'
}

export function describeStatus(
  supervisor: Reading<SupervisorStatus>,
  bridge: Reading<ConsoleStatus>,
  nowMs: number,
  paint: Paint,
): string[] {
  return [
    ...(supervisor.running
      ? describeSupervisor(supervisor.status, nowMs, paint)
      : describeAbsent(supervisor, 'oobm-supervisor', paint)),
    '',
    ...(bridge.running ? describeBridge(bridge.status, nowMs, paint) : describeAbsent(bridge, 'oobm-console', paint)),
  ]
}

/** How old the proof is, whatever the word. */
export function describeProof({ provedAt }: SupervisorStatus['proof'], nowMs: number): string {
  return provedAt === null ? 'never proved since the start' : `proved ${describeAge(provedAt, nowMs)}`
}

function describeSupervisor(status: SupervisorStatus, nowMs: number, paint: Paint): string[] {
  const { word, proof, relay, connectedAt, sessions, retryAt } = status
  const { meaning, remedy } = STATUS_WORDS[word]
  const colour = isReady(word) ? paint.good : paint.bad
  const details = [
    proof.tookMs === null ? '' : `took ${Math.round(proof.tookMs)} ms`,
    proof.probeMs === null ? '' : `probe ${Math.round(proof.probeMs)} ms`,
  ].filter(detail => detail !== '')
  const up = connectedAt === null ? '' : `, connected ${describeAge(connectedAt, nowMs)}`
  return [
    `${paint.strong(colour(word))}  ${describeProof(proof, nowMs)}  ${paint.faint(`(${status.device}, version ${status.software})`)}`,
    row('means', meaning),
    row('cause', status.cause),
    ...(isReady(word) ? [] : [row('on site', remedy)]),
    row('since', `${describeInstant(status.since)}, ${describeAge(status.since, nowMs)}`),
    row('relay', relay === null ? 'none now' : `${relay.host}:${relay.port}${up}`),
    row('proof', [describeProof(proof, nowMs), ...details].join(', ')),
    ...(proof.attempt === null || proof.attempt.ok
      ? []
      : [row('', paint.bad(`the last try, ${describeAge(proof.attempt.at, nowMs)}, failed: see oobm test`))]),
    row('sessions', `${sessions.shell} in the shell, ${sessions.console} on consoles`),
    ...(retryAt === null ? [] : [row('next try', retryAt > nowMs ? `in ${describeDuration(retryAt - nowMs)}` : 'now')]),
    ...describeChanges(status.changes, paint),
  ]
}

function describeChanges(changes: SupervisorStatus['changes'], paint: Paint): string[] {
  if (changes.length === 0) return []
  const lines = changes
    .slice(-LATEST_CHANGES)
    .map(({ at, word, cause }) => `  ${paint.faint(describeInstant(at))}  ${word.padEnd(12)}  ${cause}`)
  return ['', paint.strong('latest changes'), ...lines]
}

function describeBridge(status: ConsoleStatus, nowMs: number, paint: Paint): string[] {
  if (status.consoles.length === 0)
    return [paint.strong('no consoles'), '  none is configured: [[consoles]] in oobm.toml']
  const lines = status.consoles.flatMap(line => {
    const heard =
      line.lastOutputAt === null ? 'silent since the start' : `heard ${describeAge(line.lastOutputAt, nowMs)}`
    const state =
      line.state === 'open'
        ? paint.good('open')
        : paint.bad(`closed: ${line.cause}, since ${describeAge(line.since, nowMs)}`)
    return [
      `  ${paint.strong(line.name)}  ${line.path} ${line.settings}  ${state}, ${heard}`,
      ...line.sessions.map(
        ({ technician, writer, from, since, via }) =>
          `    ${technician}${via ? ` (via ${via})` : ''} ${writer ? 'types' : 'watches'}, from ${from}, came ${describeAge(since, nowMs)}`,
      ),
    ]
  })
  return [paint.strong('consoles'), ...lines]
}

function describeAbsent(reading: { problem: string; status: unknown }, unit: string, paint: Paint): string[] {
  return [
    `${paint.strong(paint.bad('not running'))}  ${reading.problem}`,
    row('look', `systemctl status ${unit}; journalctl -u ${unit} -n 50`),
    row('start', `sudo systemctl start ${unit}`),
  ]
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text}`
}
