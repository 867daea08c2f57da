/** A modem that is dialled, as lines for a terminal; pure. */
import type { Paint } from '../../cli/paint.ts'
import { describeAge, describeDuration } from '../../cli/times.ts'
import { ANY_MODEM } from '../../formats/cellular-settings.ts'
import { describeModemState, MODEM_STATES, type ModemEntry } from '../../formats/modem-status.ts'

export function describeModem(entry: ModemEntry, nowMs: number, paint: Paint): string[] {
  const { state, since, retryAt } = entry
  const { result, remedy } = MODEM_STATES[state]
  const said = (result === 'ok' ? paint.good : paint.bad)(describeModemState(entry))
  const again = retryAt !== null && retryAt > nowMs ? `tried again in ${describeDuration(retryAt - nowMs)}` : ''
  const [first, ...more] = [
    [said, `since ${describeAge(since, nowMs)}`, again],
    networkOf(entry, nowMs),
    [entry.model, `APN ${entry.apn}`],
  ].flatMap(parts => {
    const text = parts.filter(part => part !== '').join(', ')
    return text === '' ? [] : [text]
  })
  return [
    `  ${paint.strong(modemName(entry))}  ${first}`,
    ...more.map(line => `    ${line}`),
    ...(remedy === '' ? [] : [`    to do: ${remedy}`]),
  ]
}

/** Its interface, or which one is looked for. */
export function modemName({ interface: name, entry }: Pick<ModemEntry, 'interface' | 'entry'>): string {
  return name ?? (entry === ANY_MODEM ? 'modem' : entry)
}

/** Operator, technology, and the signal with its age. */
export function networkOf({ operator, technology, signal }: ModemEntry, nowMs: number): string[] {
  const heard = signal === null ? '' : `signal ${signal.percent} % ${describeAge(signal.at, nowMs)}`
  return [operator, technology, heard].filter(part => part !== '')
}
