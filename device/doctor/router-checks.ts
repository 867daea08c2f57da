/** `oobm doctor` on wired ports that lead hosts out or give addresses. */
import { describeBudget, describeDhcp } from '../daemons/describe-router.ts'
import { type RouterReading, readRouters } from '../daemons/read-routers.ts'
import { type Check, type Finding, ok, warning, wrong } from './finding.ts'

/** None where no port has such a role. */
export function routerChecks(env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: 'router',
      run: async report => {
        for (const reading of await readRouters(env)) for (const finding of judgeRouter(reading)) report(finding)
      },
    },
  ]
}

export function judgeRouter({ address, status }: RouterReading): Finding[] {
  const what = `router ${address}`
  if (status === undefined) {
    const remedy = `is the address local? systemctl status oobm-sides oobm-router@${address}`
    return [wrong(what, 'oobm-router does not run, or does not answer', remedy)]
  }
  const { uplink, problems, dhcp, budget, routes } = status
  const findings: Finding[] = problems.map(problem => wrong(what, problem, `journalctl -u oobm-router@${address}`))
  if (dhcp !== null && dhcp.otherServers.length > 0) {
    const remedy =
      'unplug it, or set dhcp_server = false for this port; ten minutes after its last answer, this board goes on'
    findings.push(warning(`${what} DHCP`, describeDhcp(dhcp), remedy))
  } else if (dhcp !== null) findings.push(ok(`${what} DHCP`, describeDhcp(dhcp)))
  if (!routes) return findings
  if (uplink === null)
    findings.push(warning(what, 'nothing leads out: hosts are told so at once', 'see what is said of the uplinks'))
  else if (problems.length === 0) findings.push(ok(what, `hosts go out by ${uplink.name}: ${uplink.why}`))
  if (uplink !== null && uplink.kbit === null) {
    const remedy = `measure it at a bad hour (oobm doctor --speed), and give uplink_kbit for ${uplink.name} in [[uplinks]]`
    findings.push(
      warning(
        `${what} rate`,
        `how fast ${uplink.name} is, is not known: downloads of hosts may slow the tunnel`,
        remedy,
      ),
    )
  }
  if (budget !== null) {
    const text = describeBudget(budget)
    const isReached = budget.usedBytes >= budget.bytes
    findings.push(
      isReached ? warning(`${what} budget`, text, 'raise budget_mb_day, or wait') : ok(`${what} budget`, text),
    )
  }
  return findings
}
