/** The record that `apply` keeps on the relay: what it made, and which generation is in force; and its lock. */
import { readFile, readlink, unlink, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import * as z from 'zod'
import { errorCode, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { ignoreMissing } from './durable.ts'

const stateSchema = z.object({
  version: z.literal(1),
  /** Which relay of the fleet file this is. */
  relay: z.string(),
  /** Accounts that `apply` made, or was about to make. */
  accounts: z.array(z.object({ name: z.string(), uid: z.number() })),
  /** The generation that sshd and the firewall use; null while it changes. */
  serving: z.string().nullable(),
  /** Our table as the kernel printed it after loading. */
  firewall: z.string().nullable(),
})

export type RelayState = z.output<typeof stateSchema>

export async function readState({ state }: RelayPaths): Promise<RelayState | undefined> {
  const text = await readFile(state, 'utf8').catch(ignoreMissing)
  if (text === undefined) return undefined
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (err) {
    throw new UserError(`${state} is not in the form that "oobm-relay apply" writes: restore it from a backup`, 78, {
      cause: err,
    })
  }
}

export async function writeState({ state }: RelayPaths, value: RelayState): Promise<void> {
  await writeAtomically(state, `${JSON.stringify(value, null, 2)}\n`, 0o644)
}

/** The generation that the link names. */
export async function linkedGeneration({ relay }: RelayPaths): Promise<string | undefined> {
  const target = await readlink(relay).catch(ignoreMissing)
  return target === undefined ? undefined : basename(target)
}

/**
 * Takes the lock, so that only one runs at a time; takes over a lock whose process is gone.
 * @returns a function that gives it back
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' })
      return () => unlink(path)
    } catch (err) {
      if (errorCode(err) !== 'EEXIST') throw err
    }
    const pid = Number(await readFile(path, 'utf8').catch(ignoreMissing))
    if (pid > 0 && pid !== process.pid && (await isOurProgram(pid))) {
      throw new UserError(`another oobm-relay (process ${pid}) is changing this relay: wait until it is done`)
    }
    await unlink(path).catch(ignoreMissing)
  }
}

async function isOurProgram(pid: number): Promise<boolean> {
  const args = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
  return /\b(apply|remove)\b/.test(args.replaceAll('\0', ' '))
}
