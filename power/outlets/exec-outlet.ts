/** An outlet that a program of root's switches: `/etc/oobm/power/NAME on|off|status`, and `cycle SECONDS` of one that feeds this box. */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { settled, within } from '../../runtime/waiting.ts'
import { shown } from './get-json.ts'
import type { Outlet } from './outlet.ts'

/** Milliseconds for one run: snmpset tries six times in as many seconds. */
const RUN_MS = 20_000
/** Bytes of output that are read: the rest is of no use. */
const OUTPUT_BYTES = 4_096

export interface ExecOutletOptions {
  name: string
  /** Where root puts the programs. */
  directory: string
  env: NodeJS.ProcessEnv
}

export function execOutlet(options: ExecOutletOptions): Outlet {
  const run = (...words: string[]) => runProgram(options, words)
  return {
    read: async signal => {
      const output = (await run('status')(signal)).trim()
      if (output === 'on' || output === 'off') return output
      throw new UserError(
        `is not understood: its program prints "${shown(output)}" for status, in place of "on" or "off"`,
      )
    },
    set: async (state, signal) => void (await run(state)(signal)),
    cycle: async (offS, signal) => void (await run('cycle', String(offS))(signal)),
  }
}

function runProgram({ name, directory, env }: ExecOutletOptions, words: string[]) {
  return async (signal: AbortSignal): Promise<string> => {
    const path = join(directory, name)
    await mustBeTrusted(path)
    const outcome = await within(RUN_MS, [signal], over => runNow(path, words, env, over))
    if (outcome.kind !== 'done')
      throw new UserError(
        outcome.kind === 'timeout'
          ? `does not answer: ${path} ${words[0]} did not end within ${RUN_MS / 1000} s`
          : 'was not asked any more',
      )
    const { code, output, complaint } = outcome.value
    if (code === 0) return output
    const said = complaint.trim().split('\n').at(-1) ?? ''
    throw new UserError(
      `failed: ${path} ${words.join(' ')} ended with ${code === null ? 'a signal' : `exit code ${code}`}${shown(said, ': ')}`,
    )
  }
}

/** Whoever may write it would be this program's user. @throws UserError */
async function mustBeTrusted(path: string): Promise<void> {
  for (const each of [path, dirname(path)]) {
    const found = await lstat(each).catch(err => {
      if (errorCode(err) === 'ENOENT') throw new UserError(`has no program: root puts it into ${path} (docs/power.md)`)
      throw new UserError(`cannot be switched: ${each}: ${errorMessage(err)}`)
    })
    if (each === path && !found.isFile()) throw new UserError(`cannot be switched: ${path} is no regular file`)
    if (![0, process.getuid?.() === 0 ? 0 : undefined].includes(found.uid))
      throw new UserError(`cannot be switched: ${each} belongs to the user ${found.uid}; it must be root's`)
    if ((found.mode & 0o022) !== 0)
      throw new UserError(`cannot be switched: others than root may write ${each}; use: chmod go-w ${each}`)
  }
  await access(path, constants.X_OK).catch(() => {
    throw new UserError(`cannot be switched: ${path} cannot be executed; use: chmod 755 ${path}`)
  })
}

function runNow(path: string, words: string[], env: NodeJS.ProcessEnv, signal: AbortSignal) {
  // A group of its own, so that what it started ends with it.
  const child = spawn(path, words, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/' })
  let output = ''
  let complaint = ''
  child.stdout.on('data', bytes => {
    output = `${output}${bytes}`.slice(0, OUTPUT_BYTES)
  })
  child.stderr.on('data', bytes => {
    complaint = `${complaint}${bytes}`.slice(-OUTPUT_BYTES)
  })
  const stop = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  const ended = settled<{ code: number | null; output: string; complaint: string }>(
    signal,
    { code: null, output, complaint },
    settle => {
      child.once('error', err => settle({ code: 126, output, complaint: errorMessage(err) }))
      // What it left behind may hold its output open.
      child.once('exit', code => setTimeout(() => settle({ code, output, complaint }), 50))
    },
  )
  return ended.finally(stop)
}
