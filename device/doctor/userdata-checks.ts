/** `oobm doctor` on userdata: how old the last look is, and why what it names is not used. */
import { PLAIN } from '../../cli/paint.ts'
import { describeAge } from '../../cli/times.ts'
import { isProvedReachable } from '../../formats/states.ts'
import type { UserdataStatus } from '../../formats/userdata.ts'
import { describeBeside, describeTrial, describeUndone } from '../daemons/describe-userdata.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { type Check, type Finding, ok, warning } from './finding.ts'

export function userdataChecks(env: NodeJS.ProcessEnv, nowMs: number): Check[] {
  return [
    {
      what: 'userdata',
      run: async report => {
        const reading = await readSupervisor(env)
        if (reading.running && reading.status.userdata) judgeUserdata(reading.status.userdata, nowMs).forEach(report)
      },
    },
  ]
}

export function judgeUserdata(status: UserdataStatus, nowMs: number): Finding[] {
  const { interface: name, lookedAt, fault, relays, trial, undone } = status
  const look = `over ${name}, ${lookedAt === null ? 'not looked at yet' : describeAge(lookedAt, nowMs)}`
  const names = relays.length === 0 ? 'names no relay' : `names ${relays.map(({ relay }) => relay).join(', ')}`
  return [
    fault === ''
      ? ok('userdata', lookedAt === null ? look : `${look}, ${names}`)
      : warning('userdata', `${look}: ${fault}`, 'the relays in use stay; docs/userdata.md says what it must be'),
    ...relays.flatMap(({ relay, beside }) => {
      if (beside === undefined) return []
      const detail = describeBeside(beside, nowMs, PLAIN)
      const what = `userdata relay ${relay}`
      return isProvedReachable(beside.state)
        ? [ok(what, detail)]
        : [warning(what, detail, 'nobody gets in by this relay; check its listener and this key there')]
    }),
    ...(trial === null ? [] : [warning('userdata on trial', describeTrial(trial, nowMs), 'wait until it is decided')]),
    ...(undone === null
      ? []
      : [
          warning(
            'userdata given up',
            describeUndone(undone, nowMs),
            'check this relay, its listener and this key there; it is tried again 6 hours later, or when the userdata changes',
          ),
        ]),
  ]
}
