/** `ssh core-sw1 alerts [--json]`: what the rules of one console found. The lines themselves are in `log`. */
import { alertRulesOf } from '../../formats/alert-rules.ts'
import type { ExecOutputs } from '../../formats/exec-outputs.ts'
import type { ToldAlert } from '../../formats/status-file.ts'
import { timeText } from '../../runtime/time-text.ts'
import type { Console } from '../console/console.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole } from './command.ts'

type FoundAlert = Omit<ToldAlert, 'text' | 'ref'>

export const alertsCommand = onConsole<'alerts'>(async (console, { options }, { stream, alertsOf }) => {
  // Who may see what a target said is the transcript's to decide.
  const alerts: ExecOutputs['alerts'] = alertsOf(console.name).map(({ text: _, ...alert }) => alert)
  await stream.print(...(options.json ? [JSON.stringify(alerts, null, 2)] : alertLines(console, alerts)))
  return SESSION_EXIT.ok
})

/** What the command and the key of the menu show; never what the target said. */
export function alertLines({ name, config }: Console, alerts: readonly FoundAlert[]): string[] {
  return alerts.length > 0 ? describeAlerts(alerts) : [noneText(name, alertRulesOf(config).length)]
}

/** The latest last, as in a log. */
export function describeAlerts(alerts: readonly FoundAlert[]): string[] {
  const times = (count: number) => (count === 1 ? 'once' : `${count} times`)
  const width = Math.max(...alerts.map(({ rule }) => rule.length))
  return alerts
    .toSorted((a, b) => a.at - b.at)
    .map(({ rule, since, at, count, typist }) => {
      const parts = [
        `${timeText(at)}  ${rule.padEnd(width)}  ${times(count)}`,
        ...(count === 1 ? [] : [`since ${timeText(since)}`]),
        ...(typist === undefined ? [] : [`after input by ${typist}`]),
      ]
      return parts.join('  ')
    })
}

function noneText(console: string, rules: number): string {
  if (rules === 0) return `${console} has no alerts: its setting alerts names what is looked for, such as ["ios"]`
  return `no alert yet: nothing that ${console} said matched one of its ${rules} rules`
}
