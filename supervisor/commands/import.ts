/** `oobm import`: turns the operator's oobm.toml into the device's own files; all of them, or none. */
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { SECRETS_DIRECTORY } from '../../runtime/provisioning.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { type Command, type Paint, readArguments } from './command.ts'
import { CONFIG_PATH, type ImportPlan, type PlannedFile, planImport } from './plan-import.ts'

export const importCommand: Command = {
  usage: 'import FILE [--root DIR]',
  summary: 'take over an oobm.toml: configuration and keys for this device, or for the system below DIR',
  run: async (args, { print, paint }) => {
    const options = { root: { type: 'string', default: '/' } } as const
    const { values, positionals } = readArguments(importCommand, args, options, { min: 1, max: 1 })
    const [file = ''] = positionals
    const plan = planImport(file, await readInput(file))
    const root = resolve(values.root)
    const removed = await writePlan(plan, root)
    for (const line of describeImport(plan, removed, root, paint)) print(line)
    return EXIT.ok
  },
}

async function readInput(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (err) {
    throw new UserError(`${file}: cannot be read: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}

/** @returns the paths that were there and are gone now */
async function writePlan({ files, removals }: ImportPlan, root: string): Promise<string[]> {
  try {
    await makeDirectory(join(root, dirname(CONFIG_PATH)), 0o755)
    await makeDirectory(join(root, SECRETS_DIRECTORY), 0o700)
    for (const file of files) await writeFile(file, root)
    const removed: string[] = []
    for (const path of removals) if (await removeFile(join(root, path))) removed.push(path)
    return removed
  } catch (err) {
    const hint = errorCode(err) === 'EACCES' ? '; run it with sudo' : ''
    throw new UserError(`the import stopped: ${errorMessage(err)}${hint}`, EXIT.failed, { cause: err })
  }
}

async function writeFile({ path, content, mode }: PlannedFile, root: string): Promise<void> {
  const target = join(root, path)
  if (path.startsWith(`${SECRETS_DIRECTORY}/`)) await makeDirectory(dirname(target), 0o700)
  await writeAtomically(target, content, mode)
}

/** Whatever the umask of who imports, and whatever mode it had. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode })
  await chmod(path, mode)
}

async function removeFile(path: string): Promise<boolean> {
  try {
    await rm(path)
    return true
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return false
    throw err
  }
}

function describeImport({ config, files }: ImportPlan, removed: string[], root: string, paint: Paint): string[] {
  const relays = config.relays.map(({ host, port }) => `${host}:${port}`).join(', ')
  const consoles = config.consoles.map(({ name, path }) => `${name} on ${path}`).join(', ') || 'none'
  const shell = config.technicians.filter(technician => technician.shell).map(({ name }) => name)
  return [
    ...files.map(({ path, mode }) => `wrote   ${path}  ${paint.faint(mode.toString(8).padStart(4, '0'))}`),
    ...removed.map(path => `removed ${path}`),
    `${paint.strong(config.device)}: relay ${relays}; consoles: ${consoles}; shell: ${shell.join(', ') || 'nobody'}`,
    root === '/'
      ? 'Now run: sudo systemctl restart oobm-supervisor oobm-console && sudo systemctl reload ssh'
      : `These are below ${root}; they count from the next start of that system.`,
  ]
}
