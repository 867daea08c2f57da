/** `oobm doctor`: the device itself, that is secrets, account, serial lines, LED, clock, daemons. */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { describeAge } from '../../cli/times.ts'
import { type DeviceConfig, namedConsoles } from '../../formats/device-config.ts'
import { kernelFolders } from '../../formats/directories.ts'
import { parseLinePath } from '../../formats/line-path.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { isProvedReachable } from '../../formats/states.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { errorCode } from '../../runtime/errors.ts'
import { timeText } from '../../runtime/time-text.ts'
import { ledCandidates } from '../../supervisor/led/led.ts'
import { listAdapters } from '../adapters/list-adapters.ts'
import { describeProof } from '../daemons/describe-status.ts'
import { readConsoleBridge, readSupervisor } from '../daemons/read-daemon.ts'
import { type Check, type Finding, ok, skipped, warning, wrong } from './finding.ts'
import { checkSerial, checkSerialNames } from './serial-checks.ts'

interface Surroundings {
  env: NodeJS.ProcessEnv
  nowMs: number
}

/** A line that a program of its own has: no adapter is missing. */
const isOther = (path: string) => parseLinePath(path) !== undefined

/** What is wrong when the supervisor does not answer. */
export const SUPERVISOR = 'supervisor'

/** Checks that need no configuration. */
export function daemonChecks({ env, nowMs }: Surroundings): Check[] {
  const start = (unit: string) => `sudo systemctl restart ${unit}; journalctl -u ${unit} -n 50`
  return [
    single(SUPERVISOR, async () => {
      const reading = await readSupervisor(env)
      if (!reading.running) return wrong(SUPERVISOR, reading.problem, start('oobm-supervisor'))
      const { state, cause, proof } = reading.status
      const now = `${state}, ${describeProof(proof, nowMs)}`
      return isProvedReachable(state)
        ? ok('listener', `leads back into this device: ${now}`)
        : wrong('listener', `${now}: ${cause}`, 'correct what else is wrong here; then: oobm test')
    }),
    {
      what: 'button',
      run: async report => {
        const reading = await readSupervisor(env)
        if (reading.running) checkByHand(reading.status, nowMs).forEach(report)
      },
    },
    single('consoles', async () => {
      const reading = await readConsoleBridge(env)
      if (!reading.running) return wrong('consoles', reading.problem, start('oobm-console'))
      const { consoles } = reading.status
      const closed = consoles.filter(({ state }) => state === 'closed')
      const held = consoles.filter(({ held }) => held !== undefined)
      const unrecorded = consoles.filter(({ notRecorded }) => notRecorded !== undefined)
      if (closed.length + held.length + unrecorded.length === 0) return ok('consoles', `all open: ${consoles.length}`)
      const causes = [
        ...[...closed, ...held].map(({ name, cause, held }) => `${name}: ${held ? `held: ${held.cause}` : cause}`),
        ...unrecorded.map(({ name, notRecorded }) => `${name}: not recorded: ${notRecorded?.cause}`),
      ]
      const remedies = [
        ...(closed.some(({ path }) => !isOther(path))
          ? ['plug the serial adapter in; oobm console status shows when the line is open']
          : []),
        ...closed
          .filter(({ path }) => isOther(path))
          .map(
            ({ name }) => `${name}: docs/other-lines.md; systemctl status oobm-line@${name}; oobm console log ${name}`,
          ),
        ...held.map(({ name }) => `oobm console release ${name} resumes sending`),
        ...(unrecorded.length > 0 ? ['make room on the disk, or replace the card; consoles work meanwhile'] : []),
      ]
      return wrong('consoles', causes.join('; '), remedies.join('; '))
    }),
  ]
}

/** What somebody beside the device has done, and with what. */
export function checkByHand({ button, onLastGood }: SupervisorStatus, nowMs: number): Finding[] {
  const findings: Finding[] = []
  if (button !== undefined) {
    const { pin, problem, last } = button
    const pressed = last === null ? '' : `; ${describeAge(last.at, nowMs)}: ${last.outcome}`
    const remedy = 'sudo apt install gpiod, where it is missing; docs/button.md; it is tried again every 30 s'
    findings.push(
      problem === null
        ? ok('button', `watched at GPIO${pin}${pressed}`)
        : wrong('button', `is not watched: ${problem}`, remedy),
    )
  }
  if (onLastGood)
    findings.push(
      warning(
        'configuration in use',
        'the last one that was proved, as somebody pressed the button for it; /etc/oobm/device.toml waits',
        'correct the settings, then import or push them; the same press goes forward to them as they are',
      ),
    )
  return findings
}

export function localChecks(config: DeviceConfig, configPath: string, { env, nowMs }: Surroundings): Check[] {
  const consoles = namedConsoles(config)
  return [
    { what: 'secrets', run: async report => (await checkSecrets(config, env)).forEach(report) },
    single('self-test account', () => checkAccount(config.selftest.user)),
    ...consoles.map(line => single(`console ${line.name}`, () => checkSerial(line, kernelFolders(env)))),
    {
      what: 'serial names',
      run: async report => (await checkSerialNames(consoles, await listAdapters(env))).forEach(report),
    },
    single('LED', async () => checkLed(config)),
    single('clock', () => checkClock(configPath, nowMs)),
  ]
}

function single(what: string, find: () => Promise<Finding>): Check {
  return { what, run: async report => report(await find()) }
}

/** A unit or the lab has them in the credentials directory; for a person they are root's files. */
async function checkSecrets({ authentication }: DeviceConfig, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const needed = [authentication === 'key' ? SECRETS.relayKey : SECRETS.relayPassword, SECRETS.bridgeHostKey]
  const handed = env.CREDENTIALS_DIRECTORY
  return Promise.all(
    needed
      // A unit sees only its own.
      .filter(({ unit }) => handed === undefined || unit === 'oobm')
      .map(async ({ file, source }) => {
        const path = handed === undefined ? join(SECRETS_DIRECTORY, source) : join(handed, file)
        const what = `secret ${file}`
        try {
          const { mode, size } = await stat(path)
          if (size === 0) return wrong(what, `${path} is empty`, 'import the oobm.toml of this device again')
          if ((mode & 0o077) !== 0) return wrong(what, `${path} can be read by other users`, `sudo chmod 600 ${path}`)
          return ok(what, path)
        } catch (err) {
          if (errorCode(err) === 'EACCES') return skipped(what, 'only root can check this', 'sudo oobm doctor')
          return wrong(what, `${path}: ${errorCode(err)}`, 'import the oobm.toml of this device: sudo oobm import FILE')
        }
      }),
  )
}

async function checkAccount(user: string): Promise<Finding> {
  const what = 'self-test account'
  const remedy = 'sudo /usr/lib/oobm/create-accounts'
  const line = await spawn('getent', ['passwd', user], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
  if (line === '') return wrong(what, `there is no account ${user}`, remedy)
  const shell = line.split(':').at(-1) ?? ''
  if (/\/(nologin|false)$/.test(shell))
    return wrong(what, `${user} has the shell ${shell}, which cannot run the self-test command`, remedy)
  return ok(what, user)
}

function checkLed({ led }: DeviceConfig): Finding {
  if (led.backend === 'none') return ok('LED', 'none is configured')
  const problems: string[] = []
  for (const candidate of ledCandidates(led)) {
    if (!('problem' in candidate)) return ok('LED', candidate.description)
    if (candidate.denied) return skipped('LED', 'only root and the group gpio can check this', 'sudo oobm doctor')
    problems.push(candidate.problem)
  }
  const remedy = `connect an LED to GPIO${led.pin}, name another one in [led], or set led.backend = "none"`
  return wrong('LED', problems.join('; '), remedy)
}

/** A board without a battery starts in the past; SSH works anyway, but every time that is shown is wrong. */
async function checkClock(configPath: string, nowMs: number): Promise<Finding> {
  const now = timeText(nowMs)
  const { mtimeMs: importedMs } = await stat(configPath)
  if (nowMs >= importedMs) return ok('clock', now)
  return wrong(
    'clock',
    `shows ${now}, which is before the configuration was written`,
    'allow NTP (UDP port 123) out of this network; timedatectl shows whether the clock is synchronized',
  )
}
