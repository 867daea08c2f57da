/** `oobm upgrade`: starts the upgrade program of the card image. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import spawn, { SubprocessError } from 'nano-spawn'
import { type OptionValues, usageError } from '../../cli/command.ts'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, type ExitCode, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'

const PROGRAM = '/usr/lib/oobm-appliance/upgrade'

export const upgradeCommand = defineCommand({
  summary: 'upgrade the system; rolled back unless the device proves reachable',
  details: [
    'For a device that runs our card image.',
    'Only the given packages are installed.',
    'The kernel and the firmware stay: a newer kernel is a newer image.',
  ],
  arguments: [{ value: 'FILE', isOptional: true, isRepeated: true, help: 'a Debian package to install' }],
  options: {
    distribution: { help: 'upgrade every package from the mirrors, too; refused on a line that is paid by the byte' },
    'when-idle': { value: 'SECONDS', help: 'restart when nobody is on a console; give up after this time' },
    undo: { help: 'go back to the system before the last upgrade' },
    factory: { help: 'go back to the system of the card image' },
    list: { help: 'list the systems that are kept' },
    state: { help: 'print what a program asks: what runs, what is on trial, what is being made' },
  },
  run: async ({ values, positionals, env }) => {
    const program = env.OOBM_UPGRADE ?? PROGRAM
    if (!existsSync(program)) {
      throw new UserError(
        'oobm upgrade: this system was not made from our card image: use apt here, such as "apt install ./oobm-device_1.0_arm64.deb"',
        EXIT.unavailable,
      )
    }
    const { undo, factory, list, state } = values
    if (!undo && !factory && !list && !state && !values.distribution && positionals.length === 0)
      usageError('name the .deb files to install, or give --distribution for every package of the mirrors')
    if (values.distribution) await refuseOnMeteredLine(env)
    try {
      await spawn(program, programArguments(values, positionals), { stdio: 'inherit' })
      return EXIT.ok
    } catch (err) {
      // The program has printed what was wrong.
      if (err instanceof SubprocessError && err.exitCode !== undefined) return err.exitCode as ExitCode
      throw err
    }
  },
})

/** Options first, as the program wants them. */
function programArguments(values: OptionValues, files: readonly string[]): string[] {
  const options = Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === undefined ? [] : [`--${name}`, String(value)],
  )
  // A file name that begins with a dash is one all the same.
  return [...options, ...files.map(file => (file.startsWith('-') ? `./${file}` : file))]
}

/** The lists alone are some ten megabytes. @throws UserError */
async function refuseOnMeteredLine(env: NodeJS.ProcessEnv): Promise<void> {
  const why = (await isCellular(env)) ? 'profile "cellular"' : await meteredUplink(env)
  if (why === undefined) return
  throw new UserError(
    `oobm upgrade: --distribution is refused on a line that is paid by the byte (${why}): name the .deb files to install`,
    EXIT.unavailable,
  )
}

async function isCellular(env: NodeJS.ProcessEnv): Promise<boolean> {
  const path = deviceConfigPath(env)
  // Without a configuration nothing says that the line is paid by the byte.
  const config = await readFile(path, 'utf8').then(
    text => parseToml(path, text, deviceConfigSchema),
    () => undefined,
  )
  return config?.profile === 'cellular'
}

/** While none carries the tunnel, any of them may be the way to the mirrors. */
async function meteredUplink(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const supervisor = await readSupervisor(env)
  const uplinks = (supervisor.running && supervisor.status.uplinks) || []
  const carrying = uplinks.filter(({ carries }) => carries)
  const used = carrying.length > 0 ? carrying : uplinks
  if (used.length === 0 || !used.every(({ metered }) => metered)) return undefined
  return `${used.map(({ name }) => name).join(', ')} is metered`
}
