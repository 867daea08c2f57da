/** A private bus with the real ModemManager in its test mode, and `oobm-modem` on it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CellularInput } from '../../formats/cellular-settings.ts'
import { type ModemEntry, type ModemState, modemStatusSchema } from '../../formats/modem-status.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { AtModem } from './at-modem.ts'

export const MODEM_MANAGER = '/usr/sbin/ModemManager'
const MANAGER = 'org.freedesktop.ModemManager1'

const busConfig = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>`

export interface ModemWorld {
  directory: string
  address: string
  startManager(): Promise<Program>
  /** Shows ModemManager this modem. */
  plug(modem: AtModem): Promise<void>
  startDialler(): Program
  /** Of the first entry, as the status file has it. */
  entry(): Promise<ModemEntry | undefined>
  reaches(state: ModemState, matches?: (entry: ModemEntry) => boolean): Promise<ModemEntry>
}

export async function startModemWorld(context: TestContext, ...cellular: CellularInput[]): Promise<ModemWorld> {
  const directory = await scratchDirectory(context)
  const socket = join(directory, 'bus')
  const address = `unix:path=${socket}`
  const folders = { run: join(directory, 'run'), state: join(directory, 'state') }
  for (const folder of Object.values(folders)) await mkdir(folder)
  await writeFile(join(directory, 'bus.conf'), busConfig(socket))
  await writeFile(join(directory, 'cellular.toml'), stringifyToml({ cellular }))
  const start = (command: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
    const program = startProgram(command, args, { env: { ...process.env, ...env } })
    context.cleanup(() => program.stop())
    context.onFailure(() => `${command}:\n${program.output().slice(-20_000)}`)
    return program
  }
  const bus = start('dbus-daemon', [
    `--config-file=${join(directory, 'bus.conf')}`,
    '--nofork',
    '--nopidfile',
    '--print-address=1',
  ])
  await bus.says(/^unix:/m)
  const call = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram('busctl', [`--address=${address}`, ...args])
    if (code !== 0) throw new Error(`busctl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const options = ['--test-session', '--no-auto-scan', '--test-enable', '--test-no-udev', '--test-no-suspend-resume']
  let plugged = 0
  const entry = async () => {
    const text = await readFile(join(folders.run, 'status.json'), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : modemStatusSchema.parse(JSON.parse(text)).modems[0]
  }
  return {
    ...{ directory, address, entry },
    startManager: async () => {
      const manager = start(MODEM_MANAGER, [...options, '--test-no-qrtr'], { DBUS_SESSION_BUS_ADDRESS: address })
      await waitFor('ModemManager', () => call('status', MANAGER).catch(() => undefined), { timeoutMs: 60_000 })
      return manager
    },
    plug: async modem => {
      plugged += 1
      const test = [MANAGER, '/org/freedesktop/ModemManager1', `${MANAGER}.Test`, 'SetProfile']
      await call('call', ...test, 'ssas', `modem${plugged}`, 'generic', '1', modem.port)
    },
    startDialler: () =>
      start(process.execPath, programArgs('modem/main.ts'), {
        DBUS_SYSTEM_BUS_ADDRESS: address,
        RUNTIME_DIRECTORY: folders.run,
        STATE_DIRECTORY: folders.state,
        CREDENTIALS_DIRECTORY: directory,
        OOBM_MODEM_BACKOFF_MS: '500',
      }),
    reaches: (state, matches = () => true) => {
      const look = async () => {
        const found = await entry()
        return found?.state === state && matches(found) ? found : undefined
      }
      context.onFailure(async () => `status: ${JSON.stringify(await entry())}`)
      return waitFor(`the state ${state}`, look, { timeoutMs: 90_000, paceMs: 200 })
    },
  }
}
