/** The life of a desk: its folder, its server, its page opened; and at the end, nothing of it left. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { WebSocket } from 'ws'
import { sshSettings } from '../../../cli/ssh.ts'
import { COMES_BACK } from '../../../formats/bridge-login.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { controllerUnder, OVER } from '../../../runtime/waiting.ts'
import { createRuns } from './commands/serve-runs.ts'
import { createQuestions } from './questions.ts'
import { createRecordings } from './recordings/serve-recording.ts'
import { type DeskAssets, readAssets } from './server/assets.ts'
import { makeDeskFolder, writeEntrance } from './server/desk-folder.ts'
import { createKeys, type DeskKeys } from './server/keys.ts'
import { openInBrowser } from './server/open-browser.ts'
import { serveDesk } from './server/serve-desk.ts'
import { type FleetFeed, type FleetSource, startFeed } from './sources/fleet-feed.ts'
import type { RunAtRelay } from './sources/operator-source.ts'
import { askProgram } from './ssh/ask-ssh.ts'
import { startInPty } from './terminal/pty.ts'
import { createTerminals, type Opening } from './terminal/serve-terminal.ts'

/** What a desk works with: a technician's folder, or the fleet file. */
export interface DeskWorld<T> {
  source: FleetSource<T>
  /** The ssh_config of this desk. */
  config: string
  consoles: readonly string[]
  shells: readonly string[]
  /** The arguments of ssh that log in to a relay, where the person can be asked for something. */
  signIn(relay: string): readonly string[] | undefined
  operator: { relaysOf(device: string): readonly string[]; run: RunAtRelay } | undefined
}

export interface DeskOptions<T> {
  /** Prints the address, and opens no browser. */
  isPrinted: boolean
  print(line: string): void
  /** @param folder 0700, for the ssh_config and for shared connections; it ends with the desk */
  prepare(folder: string): Promise<DeskWorld<T>>
  signal: AbortSignal
}

/** Milliseconds for a shared connection to end. */
const GOODBYE_MS = 1_500

/** Runs until the signal is aborted. @throws UserError where it cannot begin */
export async function runDesk<T>({ isPrinted, print, prepare, signal }: DeskOptions<T>): Promise<number> {
  const assets = await readAssets()
  const folder = await makeDeskFolder()
  // What has begun ends also where something else fails.
  const over = controllerUnder(signal)
  // Nobody gets in by an address that nobody could read.
  const end = () => over.abort(OVER)
  process.stdout.once('error', end)
  try {
    const world = await prepare(folder)
    const keys = createKeys(systemClock)
    const feed = startFeed(world.source, systemClock, over.signal)
    const terminals = createTerminals({ start: starterOf(world, assets), signal: over.signal })
    const mayOpen = (name: string) => world.consoles.includes(name)
    const runs = createRuns({ config: world.config, mayOpen, signal: over.signal })
    const recordings = createRecordings({ config: world.config, mayOpen, signal: over.signal })
    const served = await serveDesk({
      ...{ assets, keys, signal: over.signal },
      questions: createQuestions({
        config: world.config,
        mayOpen,
        mayOpenShell: name => world.shells.includes(name),
        operator: world.operator,
        changed: feed.hurry,
      }),
      sockets: {
        '/live': socket => serveLive(socket, feed),
        '/terminal': socket => {
          // Whoever logged in to a relay sees it answer at once.
          socket.once('close', feed.hurry)
          terminals.serve(socket)
        },
        '/run': runs.serve,
        '/recording': recordings.serve,
      },
    })
    await welcome({ folder, port: served.port, keys, isPrinted, print, signal })
    const input = listenForEnter(
      () => void welcome({ folder, port: served.port, keys, isPrinted, print, signal }),
      signal,
    )
    await served.ended
    input?.close()
    await Promise.all([terminals.ended(), runs.ended()])
    return EXIT.ok
  } finally {
    process.stdout.off('error', end)
    over.abort(OVER)
    over.release()
    await endSharedConnections(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** A new way in, as the person has to have it: opened, or printed. */
async function welcome({
  folder,
  port,
  keys,
  isPrinted,
  print,
  signal,
}: Pick<DeskOptions<never>, 'isPrinted' | 'print' | 'signal'> & { folder: string; port: number; keys: DeskKeys }) {
  const token = keys.makeToken()
  const again = process.stdin.isTTY ? 'Enter opens it again; ' : ''
  const address = () =>
    print(
      `http://127.0.0.1:${port}/#${token}\nopen this within a minute; it is good once. ${again}Ctrl-C ends the desk`,
    )
  if (isPrinted) return address()
  const file = await writeEntrance(folder, port, token)
  const problem = await openInBrowser(file, process.env, signal)
  if (problem === undefined) return print(`the desk opens in your browser. ${again}Ctrl-C ends the desk`)
  print(`${problem}: open the desk yourself`)
  address()
}

function listenForEnter(enter: () => void, signal: AbortSignal) {
  if (!process.stdin.isTTY || signal.aborted) return undefined
  const input = createInterface({ input: process.stdin })
  input.on('line', enter)
  // Its own Ctrl-C would only close it.
  input.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  return input
}

function serveLive(socket: WebSocket, feed: FleetFeed): void {
  const stop = feed.watch(news => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(news))
  })
  socket.once('close', stop)
}

function starterOf<T>({ config, consoles, shells, signIn }: DeskWorld<T>, { folder }: DeskAssets) {
  // The escape character is off: a pasted `~.` ends nothing. BREAK has a command of its own.
  const toHost = (name: string, ...command: string[]) => [
    ...['-F', config, '-e', 'none', '-t', ...sshSettings({ SetEnv: `${COMES_BACK}=1` }), '--', name, ...command],
  ]
  const argsOf = ({ kind, name }: Opening): readonly string[] | undefined => {
    switch (kind) {
      case 'console':
        return consoles.includes(name) ? toHost(name) : undefined
      case 'watch':
        return consoles.includes(name) ? toHost(name, 'watch') : undefined
      case 'shell':
        return shells.includes(name) ? ['-F', config, '-e', 'none', '-t', '--', name] : undefined
      case 'relay':
        return signIn(name)
      default:
        return kind satisfies never
    }
  }
  return (opening: Opening, size: { cols: number; rows: number }) => {
    const args = argsOf(opening)
    if (args === undefined) throw new UserError(`you may not open "${opening.name}"`, EXIT.usage)
    return startInPty(folder, 'ssh', args, size)
  }
}

/** They outlive the ssh that made them: each is asked to end. */
async function endSharedConnections(folder: string): Promise<void> {
  const sockets = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const ends = sockets
    .filter(entry => entry.isSocket())
    .map(({ name }) =>
      askProgram(
        'ssh',
        ['-F', 'none', '-o', `ControlPath=${join(folder, name).replaceAll('%', '%%')}`, '-O', 'exit', 'x'],
        {
          limitMs: GOODBYE_MS,
          signal: new AbortController().signal,
        },
      ).catch(() => {}),
    )
  await Promise.all(ends)
}
