/** Memory of the daemons after work: 25 logins at a console, and 3 MB from its target, with the transcript on. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { startBenchLab } from './bench-lab.ts'
import { fedPtys } from './fed-ptys.ts'
import { table } from './figures.ts'

const LOGINS = 25
/** 3 MB in pieces that a slow person's place in the scrollback outlasts. */
const BURSTS = 24
const BURST_BYTES = 125_000

export interface Memory {
  rssKb: number
  /** Shared pages are divided among the processes that share them. */
  pssKb: number
  /** What would be free without the process: neither code of node nor of the libraries that others use, too. */
  ussKb: number
}

/** From the kernel: proc_pid_status(5), and smaps_rollup in proc_pid_smaps(5). */
export async function memoryOf(pid: number): Promise<Memory> {
  const [status, rollup] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
  ])
  const kb = (text: string, key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
  const ussKb = kb(rollup, 'Private_Clean') + kb(rollup, 'Private_Dirty')
  return { rssKb: kb(status, 'VmRSS'), pssKb: kb(rollup, 'Pss'), ussKb }
}

export async function memory(context: TestContext): Promise<string> {
  const ptys = await fedPtys(context, 1)
  const { directory, sshConfig } = await startBenchLab(context, ptys.paths[0] as string)
  await useIt(context, sshConfig, ptys.burst)
  const bare = startProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'])
  context.cleanup(() => bare.stop())
  await bare.says(/up/)
  const pidOf = async (unit: string) =>
    (JSON.parse(await readFile(join(directory, 'device/run', unit, 'status.json'), 'utf8')) as { pid: number }).pid
  const supervisor = await memoryOf(await pidOf('oobm'))
  const bridge = await memoryOf(await pidOf('oobm-console'))
  const both = {
    rssKb: supervisor.rssKb + bridge.rssKb,
    pssKb: supervisor.pssKb + bridge.pssKb,
    ussKb: supervisor.ussKb + bridge.ussKb,
  }
  const row = (name: string, { rssKb, pssKb, ussKb }: Memory) => [
    name,
    ...[rssKb, pssKb, ussKb].map(kb => (kb / 1024).toFixed(0)),
  ]
  return table([
    ['', 'RSS', 'PSS', 'USS'],
    row('oobm-supervisor', supervisor),
    row('oobm-console', bridge),
    row('both', both),
    row('an idle node', await memoryOf(bare.pid)),
  ])
}

async function useIt(
  context: TestContext,
  sshConfig: string,
  burst: (count: number, bytes: number) => Promise<number>,
): Promise<void> {
  for (let i = 0; i < LOGINS; i++) {
    // A session of its own each time: it is greeted, hears that its input is at its end, and leaves.
    const { code, stderr, stdout } = await runProgram('ssh', ['-F', sshConfig, '-tt', 'console'], { input: '\x1d.' })
    if (code !== 0) throw new Error(`ssh console: ${stderr}${stdout}`)
  }
  const person = startProgram('ssh', ['-F', sshConfig, '-tt', 'console'])
  context.cleanup(() => person.stop())
  await person.says(/for help\]/)
  let arrived = 0
  person.child.stdout?.on('data', (bytes: Buffer) => {
    arrived += bytes.length
  })
  let sent = 0
  for (let i = 0; i < BURSTS; i++) {
    sent += await burst(1, BURST_BYTES)
    await waitFor(`${sent} bytes at the person (${arrived} came)`, () => arrived >= sent)
  }
  // Freed memory goes back to the kernel a little later.
  await new Promise(resolve => setTimeout(resolve, 5_000))
}
