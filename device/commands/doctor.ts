/** `oobm doctor`: every part of the way in, each line ok or what to do. */
import { readFile } from 'node:fs/promises'
import { type DeviceConfig, deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { ConfigurationError, EXIT, errorMessage } from '../../runtime/errors.ts'
import { type Command, type Paint, readArguments } from '../command.ts'
import { applianceChecks } from '../doctor/appliance-checks.ts'
import { type Finding, ok, runChecks, wrong } from '../doctor/finding.ts'
import { daemonChecks, localChecks, SUPERVISOR } from '../doctor/local-checks.ts'
import { loginChecks } from '../doctor/login-checks.ts'
import { networkChecks } from '../doctor/network-checks.ts'
import { peopleChecks } from '../doctor/people-checks.ts'

/** Milliseconds for one check: a name server that does not answer takes 10 s to give up (resolv.conf(5)). */
const LIMIT_MS = 12_000

export const doctorCommand: Command = {
  usage: 'doctor [--json]',
  summary:
    'look for what keeps technicians out, and say what to do (exit 0: all well, 1: not, 69: the supervisor does not answer)',
  run: async (args, { env, print, paint, clock, signal }) => {
    const { values } = readArguments(doctorCommand, args, { json: { type: 'boolean' } })
    const path = deviceConfigPath(env)
    const { config, findings } = await readConfiguration(path)
    const surroundings = { env, nowMs: clock.wallMs() }
    const checks = [
      ...loginChecks(env),
      ...(config === undefined
        ? []
        : [...localChecks(config, path, surroundings), ...peopleChecks(config, env), ...networkChecks(config)]),
      ...applianceChecks(env),
      ...daemonChecks(surroundings),
    ]
    findings.push(...(await runChecks(checks, LIMIT_MS, signal)))
    const lines = values.json ? [JSON.stringify({ version: 1, findings })] : describeFindings(findings, paint)
    for (const line of lines) print(line)
    const faults = findings.filter(({ result }) => result === 'wrong')
    if (faults.some(({ what }) => what === SUPERVISOR)) return EXIT.unavailable
    return faults.length > 0 ? EXIT.failed : EXIT.ok
  },
}

/** One finding a mistake, so that each has its line. */
async function readConfiguration(path: string): Promise<{ config: DeviceConfig | undefined; findings: Finding[] }> {
  const what = 'configuration'
  try {
    const config = parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema)
    return { config, findings: [ok(what, `${path}, device ${config.device}`)] }
  } catch (err) {
    const findings =
      err instanceof ConfigurationError
        ? err.message
            .split('\n')
            .map(line => wrong(what, line, 'ask the operator for a corrected oobm.toml, and import it'))
        : [wrong(what, errorMessage(err), 'import the oobm.toml of this device: sudo oobm import FILE')]
    return { config: undefined, findings }
  }
}

export function describeFindings(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(...findings.map(({ what }) => what.length))
  const marks = {
    ok: paint.good('ok   '),
    warning: paint.strong('warn '),
    wrong: paint.bad('WRONG'),
    skipped: paint.faint('-    '),
  }
  const lines = findings.flatMap(({ what, result, detail, remedy }) => {
    const first = `${marks[result]}  ${what.padEnd(width)}  ${detail}`.trimEnd()
    return remedy === '' ? [first] : [first, `       ${' '.repeat(width)}  → ${remedy}`]
  })
  const count = (wanted: Finding['result']) => findings.filter(({ result }) => result === wanted).length
  const verdict = count('wrong') === 0 ? paint.good('all well') : paint.bad(`${count('wrong')} wrong`)
  const warnings = count('warning') === 0 ? '' : `, warnings: ${count('warning')}`
  return [...lines, '', `${verdict}${warnings}`]
}
