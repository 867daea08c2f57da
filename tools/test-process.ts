/** Runs the test files of a plan one after the other, each as in a process of its own, and writes down what is true after each. */
import { appendFileSync, fstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readProcessStat } from '../runtime/process-stat.ts'

export interface Plan {
  files: readonly string[]
  /** Where testbed/suite.ts writes the report of each. */
  reportPaths: readonly string[]
  /** Gets a line of JSON, a `Done`, for each file after which nothing was left to do. */
  donePath: string
}

export interface Done {
  exitCode: number
  /** Bytes of output at its end. */
  outputEnd: number
  /** Of the process since its start: all files so far, each with the children that it waited for. */
  elapsedMs: number
  cpuMs: number
  /** What it changed for those after it; all of that is as before again. */
  changed: string[]
}

/** Of these, a listener that stays hides that a later file fails. */
const FATAL = ['uncaughtException', 'unhandledRejection'] as const

// Not awaited: while a module's own await lasts, process.exit() gives another exit code.
void main(JSON.parse(process.argv[2] ?? '') as Plan)

async function main({ files, reportPaths, donePath }: Plan): Promise<void> {
  for (const [at, file] of files.entries()) {
    process.env.OOBM_TEST_REPORT = reportPaths[at]
    // uvu runs all that it has in this queue, and keeps what it ran.
    Object.assign(globalThis, { UVU_QUEUE: [[null]] })
    const restore = remember()
    let imported = false
    // A file that throws ends the process, as does what it leaves unhandled later.
    void import(pathToFileURL(resolve(file)).href).then(() => {
      imported = true
    })
    await nothingLeft()
    if (!imported) throw new Error(`${file}: what it awaits at its top level never comes`)
    const done: Done = {
      exitCode: Number(process.exitCode ?? 0),
      outputEnd: fstatSync(process.stdout.fd).size,
      elapsedMs: performance.now(),
      cpuMs: ((await readProcessStat(process.pid))?.cpuTicks ?? 0) * 10,
      changed: restore(),
    }
    appendFileSync(donePath, `${JSON.stringify(done)}\n`)
  }
}

/** Resolves when the process would end now: timers, sockets and children of the file are gone. */
function nothingLeft(): Promise<void> {
  return new Promise(resolve => process.once('beforeExit', () => setImmediate(resolve)))
}

/** Returns what puts back all that one file can spoil for the next, and tells what that was. */
function remember(): () => string[] {
  const folder = process.cwd()
  const variables = { ...process.env }
  const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(([, { value }]) => value)
  const listeners = FATAL.map(event => [event, process.rawListeners(event)] as const)
  return () => {
    const changed: string[] = []
    if (process.cwd() !== folder) {
      changed.push('process.chdir()')
      process.chdir(folder)
    }
    for (const name of new Set([...Object.keys(variables), ...Object.keys(process.env)])) {
      const before = variables[name]
      if (process.env[name] === before) continue
      changed.push(`process.env.${name}`)
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    }
    for (const [name, before] of globals) {
      if (Object.getOwnPropertyDescriptor(globalThis, name)?.value === before.value) continue
      changed.push(`globalThis.${name}`)
      Object.defineProperty(globalThis, name, before)
    }
    for (const [event, before] of listeners) {
      const added = process.rawListeners(event).filter(listener => !before.includes(listener))
      if (added.length > 0) changed.push(`process.on('${event}')`)
      for (const listener of added) process.off(event, listener as () => void)
    }
    return changed
  }
}
