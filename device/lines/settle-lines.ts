/** Gives each line program its line, and takes it from those whose console is gone; their units follow. */
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import spawn from 'nano-spawn'
import { type DeviceConfig, namedConsoles } from '../../formats/device-config.ts'
import { commandOf } from '../../formats/line-path.ts'
import { hostsOf, type LineSpec, lineSpecOf } from '../../formats/line-spec.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { makeDirectory } from '../import/install.ts'

export interface SettleLinesOptions {
  config: Pick<DeviceConfig, 'consoles'>
  /** The file that it is from: its owner decides whether its commands are run. */
  configFile: string
  /** Folders: of the lines, and of their secrets. */
  lines: string
  secrets: string
  /** For the journal: one line for each thing that was done. */
  say(line: string): void
  /** systemctl(1) with these arguments. */
  systemctl?(args: string[]): Promise<void>
}

/** Milliseconds for systemctl. */
const TOOL_MS = 60_000

/** @returns what is wrong, in sentences; the other lines are complete */
export async function settleLines(options: SettleLinesOptions): Promise<string[]> {
  const { config, configFile, lines, secrets, say, systemctl = runSystemctl } = options
  const problems: string[] = []
  const untrusted = await distrust(configFile)
  const wanted = new Map<string, { spec: LineSpec; hosts: string[] }>()
  for (const console of namedConsoles(config)) {
    const spec = lineSpecOf(console)
    if (spec === undefined) continue
    const isCommand = (commandOf(console.path) ?? '') !== ''
    const problem = isCommand && untrusted !== undefined ? `its command is not run: ${untrusted}` : undefined
    if (problem !== undefined) problems.push(`${console.name}: ${problem}`)
    // Of a command that is not trusted the program does not even know.
    const given = problem === undefined ? spec : { ...spec, path: 'exec:', problem }
    wanted.set(console.name, { spec: given, hosts: hostsOf(console) })
  }

  await makeDirectory(lines, 0o700)
  const before = await readdir(lines)
  const units = (name: string) => [`oobm-line@${name}.socket`, `oobm-line@${name}.service`]
  const attempt = async (name: string, what: string, work: () => Promise<unknown>) => {
    try {
      await work()
      say(`${name}: ${what}`)
    } catch (err) {
      problems.push(`${name}: ${errorMessage(err)}`)
    }
  }
  for (const name of before.filter(name => !wanted.has(name))) {
    await attempt(name, 'is no line of this kind any more', async () => {
      await systemctl(['stop', ...units(name)])
      await rm(join(lines, name), { recursive: true, force: true })
    })
  }
  for (const [name, { spec, hosts }] of wanted) {
    const [socket = '', service = ''] = units(name)
    const isNew = await write(join(lines, name), { spec: JSON.stringify(spec), hosts: hosts.join('\n') })
    // The unit loads it, so it is there; passwords and keys are put into it by hand.
    await mkdir(join(secrets, name), { recursive: true, mode: 0o700 })
    if (isNew) {
      // The bridge comes again, and systemd starts the program with what is written now.
      await attempt(name, 'has its line', () => systemctl(['stop', service]))
    }
    try {
      await systemctl(['start', '--no-block', socket])
    } catch (err) {
      problems.push(`${name}: ${errorMessage(err)}`)
    }
  }
  return problems
}

/** @returns whether something in it is new */
async function write(folder: string, files: { spec: string; hosts: string }): Promise<boolean> {
  await makeDirectory(folder, 0o700)
  let isNew = false
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file)
    const content = text === '' ? '' : `${text}\n`
    if ((await readFile(path, 'utf8').catch(() => undefined)) === content) continue
    await writeAtomically(path, content, 0o600)
    isNew = true
  }
  return isNew
}

/** Why a command in this file is not run; undefined where nobody but root, or who runs this, can write it. */
async function distrust(file: string): Promise<string | undefined> {
  const trusted = [0, process.getuid?.() ?? 0]
  for (const path of [file, dirname(file)]) {
    const { uid, mode } = await lstat(path)
    const octal = (mode & 0o7777).toString(8)
    if (!trusted.includes(uid)) return `${path} belongs to the user ${uid}; it must be root's`
    if ((mode & 0o022) !== 0) return `others than root may write ${path} (mode ${octal}); use: chmod go-w ${path}`
  }
  return undefined
}

async function runSystemctl(args: string[]): Promise<void> {
  await spawn('systemctl', args, { timeout: TOOL_MS })
}
