/** Makes the file drop what the configuration says: its file systems, what is served, and the units at each local address. */
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DROP_GROUP,
  DROP_MOUNTS,
  type DropArea,
  type DropFolders,
  type DropSpec,
  UPLOAD_NAME,
} from '../../formats/file-drop.ts'
import { type FileDropSettings, isServed } from '../../formats/file-drop-settings.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { parseGroup, parsePasswd } from '../../runtime/passwd.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { makeDirectory } from '../import/install.ts'
import { checkImage, settleImage } from './file-system.ts'
import { vsftpdConf } from './vsftpd-conf.ts'

export interface SettleFilesOptions {
  settings: FileDropSettings
  folders: DropFolders
  /** What the units have as their conditions. */
  spec: string
  /** Whether vsftpd is installed. */
  hasFtp: boolean
  /** systemctl(1) with these arguments; returns what it prints. */
  systemctl(args: string[]): Promise<string>
  say(line: string): void
}

/** The account of the services. */
const USER = 'oobm-drop'
/** Units that serve an address, and the file whose presence is the condition of each. */
const UNITS = { drop: 'oobm-drop', ftp: 'oobm-ftp' } as const

/** @returns what is wrong, in sentences; the rest is in force */
export async function settleFiles(options: SettleFilesOptions): Promise<string[]> {
  const { folders, spec, hasFtp, systemctl, say } = options
  const problems: string[] = []
  const settings = { ...options.settings }
  if (settings.ftp && !hasFtp) {
    settings.ftp = false
    problems.push(
      'files.ftp = true: vsftpd is not installed; use: sudo systemctl mask vsftpd && sudo apt install vsftpd',
    )
  }
  const stop = () => systemctl(['stop', ...Object.values(UNITS).map(unit => `${unit}@*.service`)])
  if (isServed(settings)) {
    const isReady = await settleArea('read', settings.readMib, options, stop, problems)
    if (!isReady) Object.assign(settings, { tftp: false, ftp: false, http: false })
    else await mkdir(join(folders.read, UPLOAD_NAME), { recursive: true, mode: 0o755 })
    if (settings.upload) settings.upload = await settleArea('upload', settings.uploadMib, options, stop, problems)
  }
  const wanted = { drop: isServed(settings), ftp: settings.ftp }
  const isNew = await writeSpec(spec, { version: 1, settings, problems }, wanted)
  if (isNew) await stop()
  for (const area of ['upload', 'read'] as const) {
    const isUsed = wanted.drop && (area === 'read' || settings.upload)
    // Files stay in the image: who switches it on again finds them.
    if (!isUsed) await systemctl(['stop', DROP_MOUNTS[area]])
  }
  if (!wanted.drop) return problems
  const units = Object.entries(UNITS).flatMap(([name, unit]) => (wanted[name as keyof typeof UNITS] ? [unit] : []))
  for (const address of await localAddresses(systemctl)) {
    await systemctl(['start', '--no-block', ...units.map(unit => `${unit}@${address}.service`)])
    if (isNew) say(`${address}: files are served`)
  }
  return problems
}

async function settleArea(
  area: DropArea,
  sizeMib: number,
  { folders, systemctl }: SettleFilesOptions,
  stop: () => Promise<unknown>,
  problems: string[],
): Promise<boolean> {
  const mount = DROP_MOUNTS[area]
  try {
    const owner = await ownerOf(area)
    const release = async () => {
      await stop()
      await systemctl(['stop', mount])
    }
    const { problem, isUsable } = await settleImage({ area, state: folders.state, sizeMib, owner, release })
    if (problem !== undefined) problems.push(problem)
    if (!isUsable) return false
    if (!(await isActive(mount, systemctl))) {
      const broken = await checkImage(folders.state, area)
      if (broken !== undefined) {
        problems.push(broken)
        return false
      }
      await systemctl(['start', mount])
    }
    // Administrators write to both; the services put uploads, and cannot list them.
    const mode = area === 'read' ? 0o775 : 0o370
    if (((await stat(folders[area])).mode & 0o777) !== mode) await chmod(folders[area], mode)
    return true
  } catch (err) {
    problems.push(`the ${area} directory cannot be made ready: ${errorMessage(err)}`)
    return false
  }
}

async function ownerOf(area: DropArea): Promise<{ uid: number; gid: number }> {
  const [passwd, group] = await Promise.all(['/etc/passwd', '/etc/group'].map(path => readFile(path, 'utf8')))
  const uid = parsePasswd(passwd ?? '').find(({ name }) => name === USER)?.uid
  const gid = parseGroup(group ?? '').find(({ name }) => name === DROP_GROUP)?.gid
  if (uid === undefined || gid === undefined)
    throw new Error(`the account ${USER} or the group ${DROP_GROUP} is missing`)
  return { uid: area === 'read' ? 0 : uid, gid }
}

async function isActive(unit: string, systemctl: SettleFilesOptions['systemctl']): Promise<boolean> {
  return (await systemctl(['list-units', '--plain', '--no-legend', '--state=active', unit])).includes(unit)
}

/** The instances of the targets that say which addresses are on the local side now. */
async function localAddresses(systemctl: SettleFilesOptions['systemctl']): Promise<string[]> {
  const listed = await systemctl(['list-units', '--plain', '--no-legend', '--state=active', 'oobm-local@*.target'])
  return [...listed.matchAll(/^\s*oobm-local@([0-9.]+)\.target\s/gm)].map(([, address = '']) => address)
}

/** @returns whether something that the services read is another one */
async function writeSpec(
  folder: string,
  served: DropSpec,
  wanted: Record<keyof typeof UNITS, boolean>,
): Promise<boolean> {
  await makeDirectory(folder, 0o755)
  const files = {
    'served.json': `${JSON.stringify(served)}\n`,
    'vsftpd.conf': vsftpdConf(served.settings),
    drop: wanted.drop ? '' : undefined,
    ftp: wanted.ftp ? '' : undefined,
  }
  let isNew = false
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    const before = await readFile(path, 'utf8').catch(() => undefined)
    if (before === text) continue
    isNew = true
    if (text === undefined) await rm(path, { force: true })
    else await writeAtomically(path, text, 0o644)
  }
  return isNew
}
