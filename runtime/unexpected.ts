/** What nobody foresaw, for whoever sits there: one line that says what, where and what to do; the stack goes to a file. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getSystemErrorMap, inspect } from 'node:util'
import { printable } from './printable.ts'

/** A refusal of the system, as Node.js throws it; its own errors about wrong calls (`ERR_…`) are none. */
export interface SystemError extends Error {
  errno: number
  syscall: string
  code?: string
  path?: string
  dest?: string
}

export function isSystemError(err: unknown): err is SystemError {
  const { errno, syscall } = (err ?? {}) as Partial<SystemError>
  return err instanceof Error && typeof errno === 'number' && typeof syscall === 'string'
}

/** Whether work ended because its signal was aborted: that of readline, fs, child_process. */
export function isAbort(err: unknown): boolean {
  return chain(err).some(one => one instanceof Error && one.name === 'AbortError')
}

/** What to do about a refusal of the system, for the codes that a person can do something about. */
const HINTS: Record<string, string> = {
  EACCES: 'use sudo, or run it as the owner',
  EPERM: 'use sudo, or run it as the owner',
  ENOSPC: 'make room, then run it again',
  EDQUOT: 'make room, then run it again',
  EISDIR: 'a folder stands where a file is expected',
  ENOTDIR: 'a file stands where a folder is expected',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'links lead round in a circle',
  EMFILE: 'this user or process has too many files open',
  ENFILE: 'this host has too many files open',
}

/** System calls that say nothing to a person. */
const CALLS: Record<string, string> = {
  uv_cwd: 'find the current folder, which is gone',
  uv_os_get_passwd: 'find out who this user is: the uid has no account here',
  mkdtemp: 'make the temporary folder',
}

/** `cannot open /x: permission denied (EACCES); use sudo …`, on one line. */
export function describeSystemError(err: SystemError): string {
  const { syscall, path, dest } = err
  const what = [CALLS[syscall] ?? syscall, path, dest === undefined ? undefined : `to ${dest}`]
  return printable(`cannot ${what.filter(part => part !== undefined).join(' ')}: ${reasonOf(err)}`, 1_000)
}

/** `permission denied (EACCES); use sudo …`: why the system refused, for whoever says what was refused. */
export function reasonOf(err: unknown): string {
  if (!isSystemError(err)) return describeDefect(err)
  const [name, text] = getSystemErrorMap().get(err.errno) ?? [err.code ?? String(err.errno), 'it failed']
  return `${text} (${name})${HINTS[name] === undefined ? '' : `; ${HINTS[name]}`}`
}

/** The error and the causes of it, on one line. */
export function describeDefect(err: unknown): string {
  const texts = chain(err).map(one => (one instanceof Error ? `${one.name}: ${one.message}` : String(one)))
  return printable(texts.map(text => text.trim().replaceAll(/\s*\n\s*/g, '; ')).join('; '), 1_000)
}

/**
 * Writes the stack, with its causes, into a new file that only this user reads.
 * @returns its path; undefined where no file can be made: a full disk keeps nobody from reading the line
 */
export function keepStack(program: string, version: string, err: unknown): string | undefined {
  const folder = process.env.STATE_DIRECTORY?.split(':')[0] || tmpdir()
  const path = join(folder, `${program}-${randomBytes(8).toString('hex')}.log`)
  const about = `${program} ${version}, Node.js ${process.version}, ${new Date().toISOString()}`
  try {
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(
        file,
        `${about}\n${process.argv
          .slice(2)
          .map(arg => JSON.stringify(arg))
          .join(' ')}\n${inspect(err)}\n`,
      )
    } finally {
      closeSync(file)
    }
    return path
  } catch {
    return undefined
  }
}

function chain(err: unknown): unknown[] {
  const found: unknown[] = []
  for (let one = err; one !== undefined && found.length < 4; one = (one as Error | undefined)?.cause) found.push(one)
  return found
}
