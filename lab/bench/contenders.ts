/** What brings serial lines to people: ours, and what one would use instead, each on the same ptys. */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { bridgeFiles, sshArgs } from '../../console-bridge/testing/bridge-fixture.ts'
import { programCommand } from '../../runtime/program-command.ts'
import { accepts } from '../../testbed/accepts.ts'
import { freePort, freePorts } from '../../testbed/free-port.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { descendantsOf } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

/** One that runs. */
export interface Contender {
  /** The processes that serve the lines, without those of the people. */
  pids(): Promise<number[]>
  /** A person looks at the first `count` lines; resolves when they see them. */
  watch(count: number): Promise<Watch>
}

export interface Watch {
  /** Bytes that came to the people. */
  bytes(): number
  end(): void
}

export interface ContenderKind {
  name: string
  /** What it does with each byte, for who compares. */
  does: string
  start(context: TestContext, ttys: readonly string[]): Promise<Contender>
}

const BUILD = join(import.meta.dirname, '../../build/lib')
/** Milliseconds for what a client prints when it begins. */
const SETTLE_MS = 1_500

export const CONTENDERS: readonly ContenderKind[] = [
  { name: 'oobm-console', does: 'SSH, transcript', start: (context, ttys) => startBridge(context, ttys, {}) },
  {
    name: 'oobm-console',
    does: 'the same with alerts = ["ios"]',
    start: (context, ttys) => startBridge(context, ttys, { alerts: ['ios'] }),
  },
  { name: 'ser2net', does: 'TCP', start: startSer2net },
  { name: 'conserver', does: 'TCP, log file', start: startConserver },
  { name: 'tio', does: 'terminal, log file', start: startTio },
]

async function startBridge(
  context: TestContext,
  ttys: readonly string[],
  settings: { alerts?: 'ios'[] },
): Promise<Contender> {
  const names = ttys.map((_, index) => (index === 0 ? 'core-sw1' : `console${index}`))
  const files = await bridgeFiles(
    context,
    names.map((name, index) => ({ name, path: ttys[index] as string, baudRate: 115_200, ...settings })),
  )
  const [command = '', ...args] = programCommand(process.execPath, BUILD, 'oobm-console')
  const bridge = startProgram(command, args, { env: files.env })
  context.cleanup(() => bridge.stop(10_000))
  await bridge.says(/"msg":"listening"/, 60_000)
  // Two people: each may have eight connections.
  const person = (index: number) => ['ssh', ...sshArgs(files, index % 2 ? 'alice' : 'bob', names[index] as string)]
  return { pids: () => withChildren(bridge.pid), watch: count => watchBy(person, count) }
}

async function startSer2net(context: TestContext, ttys: readonly string[]): Promise<Contender> {
  const folder = await scratchDirectory(context)
  const ports = await freePorts(ttys.length)
  const lines = ttys.map(
    (tty, index) =>
      `connection: &c${index}\n  accepter: tcp,127.0.0.1,${ports[index]}\n  connector: serialdev,${tty},115200n81,local\n`,
  )
  const config = join(folder, 'ser2net.yaml')
  await writeFile(config, `%YAML 1.1\n---\n${lines.join('')}`)
  const ser2net = startProgram('ser2net', ['-d', '-n', '-P', join(folder, 'pid'), '-c', config])
  context.cleanup(() => ser2net.stop())
  for (const port of ports) await waitFor('ser2net', () => accepts(port))
  return {
    pids: () => withChildren(ser2net.pid),
    watch: async count => {
      let bytes = 0
      const sockets = ports.slice(0, count).map(port => connect({ host: '127.0.0.1', port }))
      for (const socket of sockets) {
        socket.on('data', data => {
          bytes += data.length
        })
        socket.on('error', () => {})
      }
      await settle()
      return { bytes: () => bytes, end: () => sockets.forEach(socket => void socket.destroy()) }
    },
  }
}

async function startConserver(context: TestContext, ttys: readonly string[]): Promise<Contender> {
  const folder = await scratchDirectory(context)
  const [port = 0, base = 0] = [await freePort(), await freePort()]
  const line = (tty: string, index: number) =>
    `console c${index} { rw *; master localhost; type device; device ${tty}; baud 115200; parity none; logfile ${folder}/c${index}.log; }\n`
  const config = join(folder, 'conserver.cf')
  await writeFile(config, `config * { }\n${ttys.map(line).join('')}access * { trusted 127.0.0.1; }\n`)
  const where = ['-M', '127.0.0.1', '-p', String(port)]
  const conserver = startProgram('conserver', [
    ...where,
    ...['-b', String(base), '-m', String(ttys.length), '-C', config, '-P', join(folder, 'passwd')],
  ])
  context.cleanup(() => conserver.stop())
  await waitFor('conserver', () => accepts(port))
  const person = (index: number) => ['console', ...where, '-l', 'bench', '-s', `c${index}`]
  return { pids: () => withChildren(conserver.pid), watch: count => watchBy(person, count) }
}

/** One for each line, which is also who looks at it: it has no server. */
async function startTio(context: TestContext, ttys: readonly string[]): Promise<Contender> {
  const folder = await scratchDirectory(context)
  // tio wants a terminal; script(1) gives it one.
  const terminals = ttys.map((tty, index) =>
    startProgram(
      'script',
      ['-qfec', `exec tio -b 115200 --log --log-file ${folder}/${index}.log ${tty}`, '/dev/null'],
      {
        env: { TERM: 'dumb', HOME: folder },
      },
    ),
  )
  for (const terminal of terminals) context.cleanup(() => terminal.stop())
  for (const terminal of terminals) await terminal.says(/Connected/)
  const pids = async () => (await Promise.all(terminals.map(({ pid }) => descendantsOf(pid)))).flat()
  return {
    pids,
    watch: async count => {
      const watched = terminals.slice(0, count)
      const bytes = () => watched.reduce((sum, terminal) => sum + terminal.output().length, 0)
      const before = bytes()
      return { bytes: () => bytes() - before, end: () => {} }
    },
  }
}

/** @param person the command by which somebody looks at a line */
async function watchBy(person: (index: number) => string[], count: number): Promise<Watch> {
  let bytes = 0
  const people = Array.from({ length: count }, (_, index) => {
    const [command = '', ...args] = person(index)
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdout.on('data', (data: Buffer) => {
      bytes += data.length
    })
    return child
  })
  await settle(count)
  bytes = 0
  return { bytes: () => bytes, end: () => people.forEach(person => void person.kill()) }
}

async function withChildren(pid: number): Promise<number[]> {
  return [pid, ...(await descendantsOf(pid))]
}

async function settle(count = 1): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS + count * 300))
}
