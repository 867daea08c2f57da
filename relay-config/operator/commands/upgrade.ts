/** `oobm-relay upgrade`: sends packages to devices by the operator's own ssh, and installs them on trial. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { usageError } from '../../../cli/command.ts'
import { describeDuration, parseDuration } from '../../../cli/times.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { controllerUnder } from '../../../runtime/waiting.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { CONSOLE_WAY_OPTIONS } from '../console-way.ts'
import { devicesNamed } from '../settings/devices-named.ts'
import { describeTime, nextTime, untilTime } from '../upgrade/at-time.ts'
import { devicesWays } from '../upgrade/device-way.ts'
import { installOnDevice } from '../upgrade/install-on-device.ts'
import { exitCodeOf, type Outcome, summary } from '../upgrade/outcome.ts'
import { problemOf } from '../upgrade/packages.ts'
import { type Prepared, prepareDevice, type Work } from '../upgrade/prepare-device.ts'
import { Progress } from '../upgrade/progress.ts'
import { readPackages } from '../upgrade/read-packages.ts'
import { runFleet } from '../upgrade/run-fleet.ts'

/** Devices that get their files at a time, at the least: most of them wait for their line. */
const PREPARES_MAX = 8

export const upgrade = defineCommand({
  summary: 'upgrade devices from here: send packages, install them on trial, stop after the first failure',
  details: [
    'It needs your own ssh to the devices as an administrator; a relay only forwards it.',
    'Each device goes back by itself unless it proves that technicians can get in.',
    'The first device is upgraded alone.',
    'The same command again continues: it skips what is done, and sends the rest of a file.',
    'Keep this machine on until it ends: it decides whether the next device follows.',
  ],
  arguments: [
    {
      value: 'DEVICE|FILE.deb',
      isRepeated: true,
      help: 'the devices and the packages, in any order; a device gets the files of its own architecture',
    },
  ],
  options: {
    all: { help: 'upgrade every device of the fleet' },
    at: {
      value: 'HH:MM',
      help: 'send now, and install from this time on, by the clock and time zone of this machine',
    },
    batch: { value: 'N', default: '5', help: 'how many at a time, once the first one has proved itself' },
    wait: {
      value: 'TIME',
      default: '30m',
      help: 'how long a restart waits until nobody is on a console of the device',
    },
    now: { help: 'restart also while somebody is on a console: it ends their sessions' },
    downgrade: { help: 'install an older version, too' },
    again: { help: 'install also where this version runs' },
    'any-package': { help: 'install other packages than oobm-device, too' },
    distribution: {
      help: 'upgrade every package from the mirrors, too; the device refuses it on a line that is paid by the byte',
    },
    limit: { value: 'KBIT', help: 'at most so many kilobits per second for each device' },
    ...CONSOLE_WAY_OPTIONS,
  },
  examples: [
    'upgrade tokyo-rack1 oobm-device_0.2.0_arm64.deb',
    'upgrade --all oobm-device_0.2.0_arm64.deb oobm-device_0.2.0_armel.deb --at 02:00',
  ],
  exitCodes: {
    0: 'Every device has the packages, and has proved itself with them.',
    1: 'A device has not: it failed, it refused, or it was not tried.',
    69: 'The only ones without them are devices that were not reached.',
  },
  run: withFleet(upgradeAll),
})

async function upgradeAll(input: CommandInput): Promise<number> {
  const { values, positionals, print } = input
  const paths = positionals.filter(text => text.endsWith('.deb'))
  const named = positionals.filter(text => !text.endsWith('.deb'))
  if ((values.all === true) === named.length > 0) usageError('give either DEVICE or --all')
  if (paths.length === 0 && !values.distribution) usageError('give the FILE.deb to install')
  const batch = countOf('batch', values.batch) ?? 1
  const limitKbit = countOf('limit', values.limit)
  const waitMs = parseDuration(String(values.wait)) ?? usageError('--wait takes a time such as 30m or 2h')
  const clock = systemClock
  const atMs = values.at === undefined ? undefined : nextTime(String(values.at), clock.wallMs())
  const devices = devicesNamed({ ...input, positionals: named })
  const packages = await readPackages(paths)
  const problem = problemOf(packages, values['any-package'] === true)
  if (problem !== undefined) throw new UserError(problem, EXIT.usage)

  // Ctrl-C ends what is done here, and the summary still says what became of whom.
  const over = controllerUnder(input.signal)
  const folder = await mkdtemp(join(tmpdir(), 'oobm-upgrade-'))
  const { stdout } = process
  const progress = new Progress({
    ...{ total: devices.length, clock, write: text => stdout.write(text) },
    ...(stdout.isTTY && { columns: () => stdout.columns }),
  })
  const drawn = new AbortController()
  let drawing: Promise<void> | undefined
  try {
    const wayTo = await devicesWays(input, devices, folder, {
      signal: over.signal,
      ...(limitKbit !== undefined && { limitKbit }),
    })
    for (const { name, version, architecture, bytes } of packages)
      print(`${name} ${version} for ${architecture}, ${Math.ceil(bytes / 1024)} KiB`)
    if (atMs !== undefined) {
      const text = `installs from ${describeTime(atMs)} on, in ${describeDuration(atMs - clock.wallMs())}`
      print(`Sends now, and ${text}. Keep this machine on; Ctrl-C before then changes nothing on the devices.`)
      progress.note(`installs from ${describeTime(atMs)} on`)
    }
    drawing = progress.draw(drawn.signal)
    const works = new Map<string, Work>()
    const workFor = (device: string): Work => {
      const work = works.get(device) ?? {
        ...{ way: wayTo(device), packages, clock, signal: over.signal },
        ...{ isDowngrade: values.downgrade === true, isAgain: values.again === true },
        ...{ isDistribution: values.distribution === true, idleS: values.now ? undefined : Math.ceil(waitMs / 1000) },
        tell: (what, part, detail) => progress.step(device, what, part, detail),
      }
      works.set(device, work)
      return work
    }
    let missed: unknown
    const time = (atMs === undefined ? Promise.resolve() : untilTime(atMs, clock, over.signal)).then(
      () => progress.note(''),
      err => {
        missed = err
        over.abort()
      },
    )
    const outcomes = await runFleet<Prepared>({
      ...{ devices, preparesMax: Math.max(PREPARES_MAX, batch), batch, untilTime: time, signal: over.signal },
      isPrepared: (result: Prepared | Outcome): result is Prepared => result.kind === 'prepared',
      prepare: async device => {
        const result = await prepareDevice(workFor(device))
        if (result.kind === 'prepared') progress.ready(device)
        return result
      },
      install: (device, prepared) => installOnDevice(workFor(device), prepared),
      onOutcome: (device, outcome) => progress.end(device, outcome),
    })
    drawn.abort()
    await drawing
    print('')
    for (const line of summary(outcomes)) print(line)
    if (missed !== undefined) throw missed
    return exitCodeOf(outcomes.values())
  } finally {
    drawn.abort()
    await drawing
    over.release()
    await rm(folder, { recursive: true, force: true })
  }
}

function countOf(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  const text = String(value)
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : usageError(`--${name} takes a number from 1 on`)
}
