/** The file systems of the file drop: images of a fixed size, whose blocks are all taken when they are made. */
import { existsSync } from 'node:fs'
import { rm, stat, statfs, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { DropArea } from '../../formats/file-drop.ts'
import { errorMessage } from '../../runtime/errors.ts'

/** MiB that stay free beside the images: for transcripts, settings, the state and an upgrade. */
export const RESERVE_MIB = 256
const MIB = 1_048_576
/** Milliseconds for a tool: a slow card, and a large image. */
const TOOL_MS = 600_000
/** statfs(2): a file system in memory. Its blocks are no room at all. */
const TMPFS = 0x01021994

export interface ImageOptions {
  area: DropArea
  /** Folder of the images. */
  state: string
  sizeMib: number
  owner: { uid: number; gid: number }
  /** Ends what uses it: before its size is changed. */
  release(): Promise<void>
}

/**
 * Makes the image, or gives it another size; leaves one as it is that has its size.
 * @returns what is wrong, as a sentence; `isUsable` where there is a file system nevertheless
 */
export async function settleImage(options: ImageOptions): Promise<{ problem?: string; isUsable: boolean }> {
  const { area, state, sizeMib, release } = options
  const path = imagePath(state, area)
  const key = `files.${area}_mib = ${sizeMib}`
  const there = existsSync(path) ? (await stat(path)).size / MIB : 0
  if (there === sizeMib) {
    // Zeros that the kernel writes through a loop device may have given blocks back.
    await run('fallocate', ['-l', `${sizeMib}MiB`, path]).catch(() => {})
    return { isUsable: true }
  }
  const { type, bavail, bsize } = await statfs(state)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  if (type === TMPFS) return { problem: `${state} is in memory: no files are kept there`, isUsable: there > 0 }
  if (sizeMib - there > freeMib - RESERVE_MIB) {
    const room = Math.max(0, freeMib - RESERVE_MIB + there)
    const problem = `${key} does not fit: ${freeMib} MiB are free, of which ${RESERVE_MIB} stay free for transcripts and settings; at most ${room} MiB fit`
    return { problem, isUsable: there > 0 }
  }
  try {
    if (there === 0) await make(options)
    else {
      await release()
      await resize(path, there, sizeMib)
    }
    return { isUsable: true }
  } catch (err) {
    const was = there > 0 ? `; it keeps its ${there} MiB` : ''
    return { problem: `${key}: ${reason(err)}${was}`, isUsable: there > 0 }
  }
}

export function imagePath(state: string, area: DropArea): string {
  return join(state, `${area}.img`)
}

/** Repairs what a power cut left, before it is mounted. @returns what is wrong, as a sentence */
export async function checkImage(state: string, area: DropArea): Promise<string | undefined> {
  const path = imagePath(state, area)
  // e2fsck(8): 1 is repaired, 4 and more are not.
  const code = await exitCode('e2fsck', ['-p', path])
  if (code < 4) return undefined
  return (await exitCode('e2fsck', ['-f', '-y', path])) < 4
    ? undefined
    : `${path} cannot be repaired: remove it, and start oobm-files`
}

async function make({ area, state, sizeMib, owner }: ImageOptions): Promise<void> {
  const path = imagePath(state, area)
  try {
    // Beside its name until it is whole: what a power cut leaves of it is none.
    const fresh = `${path}.new`
    await rm(fresh, { force: true })
    await run('fallocate', ['-l', `${sizeMib}MiB`, fresh])
    // No discard, and nothing that the kernel fills with zeros later: it would give the blocks back.
    const options = `nodiscard,lazy_itable_init=0,lazy_journal_init=0,root_owner=${owner.uid}:${owner.gid}`
    await run('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-b',
      '4096',
      '-i',
      '16384',
      '-J',
      'size=4',
      '-m',
      '0',
      '-E',
      options,
      fresh,
    ])
    await run('mv', [fresh, path])
  } finally {
    await rm(`${path}.new`, { force: true })
  }
}

async function resize(path: string, fromMib: number, toMib: number): Promise<void> {
  await exitCode('e2fsck', ['-f', '-y', path])
  if (toMib > fromMib) await run('fallocate', ['-l', `${toMib}MiB`, path])
  await run('resize2fs', [path, `${toMib}M`])
  if (toMib < fromMib) await truncate(path, toMib * MIB)
}

async function run(tool: string, args: string[]): Promise<void> {
  await spawn(tool, args, { timeout: TOOL_MS })
}

async function exitCode(tool: string, args: string[]): Promise<number> {
  try {
    await run(tool, args)
    return 0
  } catch (err) {
    return (err as { exitCode?: number }).exitCode ?? 255
  }
}

/** What the tool itself said last. */
function reason(err: unknown): string {
  const said = (err as { stderr?: string }).stderr?.trim().split('\n').at(-1)
  return said ? said : errorMessage(err)
}
