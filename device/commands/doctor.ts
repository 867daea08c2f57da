/** `oobm doctor`: checks every part of the way in, and says what to do about each fault. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { usageError } from '../../cli/command.ts'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { type DeviceConfig, deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { speedResultSchema } from '../../formats/speed.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { ConfigurationError, EXIT, errorMessage } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { applianceChecks } from '../doctor/appliance-checks.ts'
import { boardChecks, pollAndNextChecks } from '../doctor/board-checks.ts'
import { fallbackChecks } from '../doctor/fallback-checks.ts'
import { type Finding, findingSchema, ok, runChecks, wrong } from '../doctor/finding.ts'
import { hotspotChecks } from '../doctor/hotspot-checks.ts'
import { daemonChecks, localChecks, SUPERVISOR } from '../doctor/local-checks.ts'
import { loginChecks } from '../doctor/login-checks.ts'
import { modemChecks } from '../doctor/modem-checks.ts'
import { networkChecks } from '../doctor/network-checks.ts'
import { outletChecks } from '../doctor/outlet-checks.ts'
import { peopleChecks } from '../doctor/people-checks.ts'
import { routerChecks } from '../doctor/router-checks.ts'
import { settingsChecks } from '../doctor/settings-checks.ts'
import { sidesChecks } from '../doctor/sides-checks.ts'
import { runSpeed } from '../doctor/speed.ts'
import { uplinkChecks } from '../doctor/uplink-checks.ts'
import { userdataChecks } from '../doctor/userdata-checks.ts'

/** Milliseconds for one check: a name server that does not answer takes 10 s to give up (resolv.conf(5)). */
const LIMIT_MS = 12_000

export const doctorCommand = defineCommand({
  summary: 'check everything that technicians need to get in, and say what to do about each fault',
  details: [
    'With --speed it checks nothing, and measures how fast the way of the tunnel is, through the relay: 5 seconds down and 5 seconds up, at most 17 MB each. It then says what to write for uplink_kbit, and changes nothing.',
  ],
  options: {
    json: { help: 'print one JSON document' },
    speed: { help: 'measure the uplink that carries the tunnel, instead of checking' },
    metered: { help: 'with --speed: also where the uplink is paid by the byte' },
    yes: { help: 'with --speed: also while others are in' },
  },
  json: z.union([
    z.object({ version: z.literal(1), findings: z.array(findingSchema) }),
    z.object({ version: z.literal(1), speed: speedResultSchema }),
  ]),
  exitCodes: {
    0: 'Nothing is wrong; with --speed: both directions are measured.',
    1: 'Something is wrong; with --speed: not measured.',
    69: 'The supervisor does not run or does not answer; with --speed: there is no tunnel, or the relay is too old for it.',
  },
  run: async ({ values, ...context }) => {
    const { speed = false, metered = false, yes = false, json = false } = values
    if (speed) return runSpeed({ metered, yes, json }, context)
    if (metered || yes) usageError(`--${metered ? 'metered' : 'yes'} goes with --speed`)
    const { env, print, paint, clock, signal } = context
    const path = deviceConfigPath(env)
    const { config, findings } = await readConfiguration(path)
    const surroundings = { env, nowMs: clock.wallMs() }
    const checks = [
      ...loginChecks(env),
      ...fallbackChecks(env),
      ...hotspotChecks(env),
      ...(config === undefined
        ? []
        : [
            ...localChecks(config, path, surroundings),
            ...peopleChecks(config, env),
            ...networkChecks(config),
            ...outletChecks(config, env),
          ]),
      ...(config === undefined ? [] : sidesChecks(config, env)),
      ...modemChecks(env, surroundings.nowMs),
      ...uplinkChecks(env, surroundings.nowMs),
      ...routerChecks(env),
      ...userdataChecks(env, surroundings.nowMs),
      ...settingsChecks(env),
      ...applianceChecks(env),
      ...boardChecks(env, surroundings.nowMs),
      ...daemonChecks(surroundings),
      ...(config === undefined ? [] : pollAndNextChecks(config, env, surroundings.nowMs)),
    ]
    findings.push(...(await runChecks(checks, LIMIT_MS, signal)))
    const lines = values.json ? [JSON.stringify({ version: 1, findings })] : describeFindings(findings, paint)
    for (const line of lines) print(line)
    const faults = findings.filter(({ result }) => result === 'wrong')
    if (faults.some(({ what }) => what === SUPERVISOR)) return EXIT.unavailable
    return faults.length > 0 ? EXIT.failed : EXIT.ok
  },
})

/** One finding for each mistake, so that each has its own line. */
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
  const marks = {
    ok: paint.good('ok'),
    warning: paint.strong('warn'),
    wrong: paint.bad('WRONG'),
    skipped: paint.faint('-'),
  }
  const rows = findings.flatMap(({ what, result, detail, remedy }) => [
    [marks[result], what, detail],
    ...(remedy === '' ? [] : [['', '', `→ ${remedy}`]]),
  ])
  const count = (wanted: Finding['result']) => findings.filter(({ result }) => result === wanted).length
  const verdict = count('wrong') === 0 ? paint.good('all well') : paint.bad(`${count('wrong')} wrong`)
  const warnings = count('warning') === 0 ? '' : `, warnings: ${count('warning')}`
  return [...alignColumns(rows), '', `${verdict}${warnings}`]
}
