/** The life of a lab: take the folder, start everything, show it, end everything. */
import { parseLinePath } from '../formats/line-path.ts'
import { EXIT, type ExitCode } from '../runtime/errors.ts'
import type { Daemon } from './daemon.ts'
import { claimLabDirectory } from './lab-directory.ts'
import { assertUsablePort } from './serial-port.ts'
import { startLab } from './start-lab.ts'
import { watchLab } from './watch-lab.ts'

export interface LabOptions {
  /** In the simulated router's place: a real serial port, or another line (`telnet://HOST:PORT`, `exec:COMMAND`). */
  port: string | undefined
  directory: string
  /** False for lines of text. */
  screen: boolean
}

/** Runs until the signal is aborted, or a part of it ends by itself; then nothing of it is left but its folder. */
export async function runLab(options: LabOptions, signal: AbortSignal): Promise<ExitCode> {
  if (options.port !== undefined && parseLinePath(options.port) === undefined) await assertUsablePort(options.port)
  const directory = await claimLabDirectory(options.directory)
  const daemons: Daemon[] = []
  // In case this process ends before it could end them in order.
  const killAll = () => {
    for (const daemon of daemons) daemon.kill()
  }
  process.once('exit', killAll)
  process.stdout.write(`setting up a lab in ${directory.shown}\n`)
  try {
    const lab = await startLab(directory, options.port ?? 'sim:router', daemons, signal)
    const dead = await watchUntilOneEnds(daemons, signal, until => watchLab(lab, options.screen, until))
    if (!dead) {
      process.stdout.write(`\nstopped; its logs stay in ${directory.shown}/log/\n`)
      return EXIT.ok
    }
    process.stderr.write(`${dead.name} ended by itself; the end of its log, ${directory.shown}/log/${dead.name}.log:\n`)
    process.stderr.write(`${dead.lastLines()}\n`)
    return EXIT.failed
  } catch (err) {
    if (signal.aborted) return EXIT.ok
    throw err
  } finally {
    // The relay started first and ends last: the device still says goodbye to it.
    const [relay, ...device] = daemons
    await Promise.all(device.map(daemon => daemon.stop()))
    await relay?.stop()
    process.off('exit', killAll)
    await directory.release()
  }
}

/** The daemon that ended while it should not have; undefined after an abort. */
async function watchUntilOneEnds(
  daemons: readonly Daemon[],
  signal: AbortSignal,
  watch: (until: AbortSignal) => Promise<void>,
): Promise<Daemon | undefined> {
  const oneEnded = new AbortController()
  let dead: Daemon | undefined
  for (const daemon of daemons) {
    void daemon.ended.then(() => {
      if (!signal.aborted) dead ??= daemon
      oneEnded.abort()
    })
  }
  await watch(AbortSignal.any([signal, oneEnded.signal]))
  return dead
}
