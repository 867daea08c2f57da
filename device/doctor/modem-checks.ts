/** `oobm doctor` on modems that are dialled: what stands in their way, and what somebody can do. */
import { describeModemState, MODEM_STATES, type ModemEntry } from '../../formats/modem-status.ts'
import { modemName, networkOf } from '../daemons/describe-modem.ts'
import { readModemProgram } from '../daemons/read-daemon.ts'
import { type Check, type Finding, ok, warning, wrong } from './finding.ts'

/** The percentage below which a connection may not last. */
const WEAK_PERCENT = 20

/** Nothing where no modem is dialled. */
export function modemChecks(env: NodeJS.ProcessEnv, nowMs: number): Check[] {
  return [
    {
      what: 'modem',
      run: async report => {
        const reading = await readModemProgram(env)
        if (reading === undefined) return
        if (!reading.running) report(wrong('modem', reading.problem, 'systemctl status oobm-modem'))
        else for (const entry of reading.status.modems) report(describeFinding(entry, nowMs))
      },
    },
  ]
}

export function describeFinding(entry: ModemEntry, nowMs: number): Finding {
  const what = `modem ${modemName(entry)}`.replace(/^modem modem$/, 'modem')
  const { result, remedy } = MODEM_STATES[entry.state]
  const detail = [describeModemState(entry), ...networkOf(entry, nowMs)].join(', ')
  if (result === 'wrong') return wrong(what, detail, remedy)
  if (result === 'warning') return warning(what, detail, remedy)
  if (entry.signal !== null && entry.signal.percent < WEAK_PERCENT)
    return warning(what, detail, 'the signal is weak: try another place for the antenna')
  return ok(what, detail)
}
