/** One keystroke through the whole chain, beside the device's own sshd with picocom, on a quiet machine and under load. */
import { spawn } from 'node:child_process'
import type { TestContext } from '../../testbed/suite.ts'
import { echoingTty, startBenchLab } from './bench-lab.ts'
import { median, quantile, table } from './figures.ts'
import { startTypist } from './typist.ts'

const KEYSTROKES = 300
/** Loops that each want a processor: a load average of 12 to 15 with what else runs. */
const LOOPS = 13

export function keystroke(context: TestContext): Promise<string> {
  return compare(context)
}

export function load(context: TestContext): Promise<string> {
  return compare(context, () => {
    for (let i = 0; i < LOOPS; i++) {
      // A session of its own: the kernel shares the processors among sessions first (sched(7), autogroup).
      const loop = spawn('sh', ['-c', 'while :; do :; done'], { detached: true, stdio: 'ignore' })
      context.cleanup(() => loop.kill('SIGKILL'))
    }
  })
}

/** Measures both in turn, so that the load of the machine is the same for both. */
async function compare(context: TestContext, burden = () => {}): Promise<string> {
  const samples = { bridge: [] as number[], picocom: [] as number[] }
  const { sshConfig } = await startBenchLab(context, await echoingTty(context))
  const picocomTty = await echoingTty(context)
  const bridge = await startTypist(['-F', sshConfig, 'console'])
  const picocom = await startTypist(['-F', sshConfig, 'shell', `picocom --quiet --nolock --baud 9600 ${picocomTty}`])
  burden()
  for (let i = 0; i < KEYSTROKES; i++) {
    samples.bridge.push(await bridge.keystroke())
    samples.picocom.push(await picocom.keystroke())
  }
  bridge.end()
  picocom.end()
  const figures = (list: number[]) => [median(list), quantile(list, 0.95)]
  const row = (name: string, list: number[]) => [name, ...figures(list).map(value => value.toFixed(2))]
  const [ours, theirs] = [figures(samples.bridge), figures(samples.picocom)]
  return table([
    ['', 'median', '95 %'],
    row('console bridge (ssh console)', samples.bridge),
    row("the device's sshd and picocom (ssh -J … picocom)", samples.picocom),
    ['ratio', ...ours.map((value, index) => `${(value / (theirs[index] ?? 0)).toFixed(2)}x`)],
  ])
}
