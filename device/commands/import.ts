/** `oobm import`: writes the device's files from the operator's oobm.toml; all of them, or none. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import spawn from 'nano-spawn'
import type { Paint } from '../../cli/paint.ts'
import { namedConsoles } from '../../formats/device-config.ts'
import { provisioningFaultPath as faultPath, upgradeTrialPath } from '../../formats/directories.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { readBytes } from '../../runtime/text-file.ts'
import { defineCommand } from '../command.ts'
import { hasProvedItself } from '../daemons/for-scripts.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import { readSides } from '../daemons/read-sides.ts'
import { changedRoles } from '../import/changed-roles.ts'
import { closesTheWay, type OtherWays } from '../import/closes-the-way.ts'
import { finishInstallation, type Installed, install } from '../import/install.ts'
import { whileLocked } from '../import/lock.ts'
import { readProved } from '../import/stored.ts'
import { takeOver } from '../import/take-over.ts'
import { readSerial } from '../provision/board-serial.ts'

export const importCommand = defineCommand({
  summary: 'import the settings and keys of an oobm.toml, all of them or none',
  arguments: [{ value: 'FILE', help: 'the oobm.toml that "oobm-relay issue" wrote for this device' }],
  options: {
    root: { value: 'DIR', default: '/', help: 'import into the system below DIR, such as a mounted card' },
    yes: { short: 'y', help: 'import it also where it closes the only way in that is known to work' },
  },
  examples: ['import /boot/firmware/oobm.toml'],
  run: async ({ values, positionals: [file = ''], env, print, paint }) => {
    const root = resolve(values.root)
    const brought = { name: file, bytes: await readBytes(file, EXIT.failed) }
    const { undone, before, ...installed } = await stopped(() =>
      whileLocked(root, async () => {
        await finishInstallation(root)
        const { before, undone, floor } = await readProved(root)
        const { text, provisioning } = takeOver(before, [brought], floor, await readSerial(root))
        const closed = root === '/' ? closesTheWay(before, provisioning.config, await otherWays(env)) : undefined
        if (closed !== undefined && !values.yes)
          throw new UserError(`${closed}. Nothing was changed; --yes imports it all the same`, EXIT.failed)
        return { ...(await install(text, root)), undone, before }
      }),
    )
    if (root === '/') await rm(faultPath(env), { force: true })
    for (const line of describeImport(installed, root, paint)) print(line)
    if (root === '/') for (const line of changedRoles(before, installed.plan.site)) print(line)
    if (undone !== undefined)
      print(
        `The connectivity of ${undone.byHand ?? `settings document ${undone.serial}`} was on trial and not proved: the one before is back, with this file.`,
      )
    if (root === '/' && existsSync(upgradeTrialPath(env)))
      print(
        'A system upgrade is on trial: if the device cannot be reached with this file, the upgrade is undone too, and this file stays. "sudo oobm upgrade --list" shows when it is decided.',
      )
    if (root === '/' && existsSync('/run/systemd/system')) await makeAccounts(print)
    return EXIT.ok
  },
})

async function otherWays(env: NodeJS.ProcessEnv): Promise<OtherWays> {
  const [supervisor, sides] = await Promise.all([readSupervisor(env), readSides(env)])
  return {
    tunnel: supervisor.running && hasProvedItself(supervisor.status),
    local: sides?.addresses.some(({ side }) => side === 'local') ?? false,
  }
}

/** The change of the configuration starts this unit anyway; waiting for it lets technicians log in at once. */
async function makeAccounts(print: (line: string) => void): Promise<void> {
  await spawn('systemctl', ['start', 'oobm-people.service']).catch(() =>
    print('The accounts of the technicians could not be made; see: systemctl status oobm-people'),
  )
}

const NO_SITE = JSON.stringify(siteSchema.parse({}))

/** Keeps the message about a wrong file; says for any other error that the import stopped. */
async function stopped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    if (err instanceof UserError) throw err
    const hint = errorCode(err) === 'EACCES' ? '; run it with sudo' : ''
    throw new UserError(`import failed: ${errorMessage(err)}${hint}`, EXIT.failed, { cause: err })
  }
}

function describeImport({ plan: { config, site, files }, removed }: Installed, root: string, paint: Paint): string[] {
  const relays = config.relays.map(({ host, port }) => `${host}:${port}`).join(', ')
  const consoles =
    namedConsoles(config)
      .map(({ name, path }) => `${name} on ${path}`)
      .join(', ') || 'none'
  const shell = config.technicians.filter(({ shell, admin }) => shell || admin).map(({ name }) => name)
  return [
    ...files.map(({ path, mode }) => `wrote   ${path}  ${paint.faint(mode.toString(8).padStart(4, '0'))}`),
    ...removed.map(path => `removed ${path}`),
    `${paint.strong(config.device)}: relay ${relays}; consoles: ${consoles}; shell: ${shell.join(', ') || 'nobody'}`,
    ...(JSON.stringify(site) === NO_SITE
      ? []
      : ['On a card image, host name, time zone and network take effect at the next start.']),
    root === '/'
      ? 'Now run: sudo systemctl restart oobm-supervisor oobm-console && sudo systemctl reload ssh'
      : `These files are below ${root}; they take effect when that system starts.`,
  ]
}
