/** The life of a lab: take the folder, start everything, show it, end everything. */
import { join } from 'node:path'
import { parseLinePath } from '../formats/line-path.ts'
import { EXIT, type ExitCode } from '../runtime/errors.ts'
import { controllerUnder, OVER } from '../runtime/waiting.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { claimLabDirectory } from './lab-directory.ts'
import { assertUsablePort } from './serial-port.ts'
import { type Started, startLab } from './start-lab.ts'
import { watchLab } from './watch-lab.ts'

export interface LabOptions {
  /** In the simulated router's place: a real serial port, or another line (`telnet://HOST:PORT`, `exec:COMMAND`). */
  port: string | undefined
  directory: string
  /** False for lines of text. */
  screen: boolean
}

/** Runs until the signal is aborted, or a part of it ends for good; then nothing of it is left but its folder. */
export async function runLab(options: LabOptions, signal: AbortSignal): Promise<ExitCode> {
  if (options.port !== undefined && parseLinePath(options.port) === undefined) await assertUsablePort(options.port)
  const directory = await claimLabDirectory(options.directory)
  const { root, shown } = directory
  const started: Started = { ground: [], others: [] }
  // In case this process ends before it could end them in order.
  const killAll = () => {
    for (const daemon of allOf(started)) daemon.kill()
  }
  process.once('exit', killAll)
  process.stdout.write(`setting up a lab in ${shown}: a relay and three devices\n`)
  try {
    const lab = await startLab(root, options.port ?? 'sim:router', started, signal)
    const desk = deskOf(root, started)
    const dead = await watchUntilOneEnds(allOf(started), signal, until =>
      watchLab(lab, { screen: options.screen, openDesk: desk, signal: until }),
    )
    if (!dead) {
      process.stdout.write(`\nstopped; its logs stay in ${shown}/log/\n`)
      return EXIT.ok
    }
    process.stderr.write(`${dead.name} ended by itself; the end of its log, ${shown}/log/${dead.name}.log:\n`)
    process.stderr.write(`${dead.lastLines()}\n`)
    return EXIT.failed
  } catch (err) {
    if (signal.aborted) return EXIT.ok
    throw err
  } finally {
    await Promise.all(started.others.map(daemon => daemon.stop()))
    // The relay ends last: the devices still say goodbye to it.
    for (const daemon of [...started.ground].reverse()) await daemon.stop()
    process.off('exit', killAll)
    await directory.release()
  }
}

function allOf({ ground, others }: Started): Daemon[] {
  return [...ground, ...others]
}

/** The daemon that ended while it should not have; undefined after an abort. */
async function watchUntilOneEnds(
  daemons: readonly Daemon[],
  signal: AbortSignal,
  watch: (until: AbortSignal) => Promise<void>,
): Promise<Daemon | undefined> {
  const oneEnded = controllerUnder(signal)
  let dead: Daemon | undefined
  for (const daemon of daemons) {
    void daemon.ended.then(() => {
      if (!signal.aborted) dead ??= daemon
      oneEnded.abort(OVER)
    })
  }
  await watch(oneEnded.signal)
  oneEnded.release()
  return dead
}

/** The desk as alice has it, once more if it runs: its address is good once. */
function deskOf(root: string, { others }: Started): () => Promise<string> {
  let running: Daemon | undefined
  const isGraphical = ['DISPLAY', 'WAYLAND_DISPLAY', 'BROWSER'].some(name => process.env[name] !== undefined)
  return async () => {
    const command = [join(root, 'alice'), 'oobm-relay', 'desk']
    if (!isGraphical) return `there is no graphical session here; in another terminal: ${command.join(' ')}`
    await running?.stop()
    if (running) others.splice(others.indexOf(running), 1)
    running = startDaemon('desk', command, join(root, 'log/desk.log'), {})
    others.push(running)
    return 'the desk opens in your browser'
  }
}
