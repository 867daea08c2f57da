/** Runs programs as child processes: to their end, or until they are stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { waitFor } from './wait-for.ts'

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface ProgramOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Written to the program's standard input, which is then closed. */
  input?: string
  /** Milliseconds until it is killed. */
  timeoutMs?: number
}

/** Runs a program to its end. It does not throw for an exit code other than 0. */
export async function runProgram(command: string, args: string[], options: ProgramOptions = {}): Promise<Finished> {
  const child = spawn(command, args, { stdio: 'pipe', ...spawnOptions(options) })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 20_000)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    })
  } finally {
    clearTimeout(timer)
  }
}

/** A program that runs until it is stopped, with everything that it printed. */
export interface Program {
  readonly pid: number
  readonly child: ChildProcess
  /** Standard output and standard error so far, in the order of arrival. */
  output(): string
  /** True after it ended, by itself or stopped. */
  ended(): boolean
  /** Waits until its output matches. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** SIGTERM (SIGCONT before, in case a test stopped it), SIGKILL after `graceMs`; resolves when it is gone. */
  stop(graceMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export function startProgram(command: string, args: string[], options: ProgramOptions = {}): Program {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...spawnOptions(options) })
  let output = ''
  let result: { code: number | null; signal: NodeJS.Signals | null } | undefined
  const collect = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.stdin.on('error', () => {})
  child.once('error', err => {
    output += `${command}: ${err.message}\n`
    result = { code: null, signal: null }
  })
  const closed = new Promise<NonNullable<typeof result>>(resolve => {
    child.once('error', () => resolve({ code: null, signal: null }))
    // 'exit', not 'close': a process that the program started may hold its output open for longer.
    child.once('exit', (code, signal) => {
      result = { code, signal }
      resolve(result)
    })
  })
  const ended = () => result !== undefined
  return {
    pid: child.pid ?? 0,
    child,
    output: () => output,
    ended,
    says: (pattern, timeoutMs) =>
      waitFor(
        `${pattern} from ${command} ${args.join(' ')}; output:\n${output}`,
        () => {
          const match = pattern.exec(output)
          if (!match && ended()) throw new Error(`${command} ended without printing ${pattern}:\n${output}`)
          return match
        },
        timeoutMs === undefined ? {} : { timeoutMs },
      ),
    stop: async (graceMs = 5_000) => {
      if (!ended()) {
        child.kill('SIGCONT')
        child.kill('SIGTERM')
      }
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      try {
        return await closed
      } finally {
        clearTimeout(timer)
        setImmediate(() => {
          child.stdout.destroy()
          child.stderr.destroy()
        })
      }
    },
  }
}

function spawnOptions({ env, cwd }: ProgramOptions) {
  return { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) }
}
