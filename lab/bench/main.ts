/** `make bench`: measures what the product costs, beside the usual alternatives in the same run. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readStatus, supervisorStatusSchema } from '../../formats/status-file.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { withUndo } from '../../testbed/undo.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { median, quantile, table } from './figures.ts'
import { startTypist } from './keystroke.ts'
import { memoryOf } from './memory.ts'
import { storm } from './storm.ts'
import { measureWire } from './wire.ts'

const KEYSTROKES = 300
const LOGINS = 15
const ROOT = join(import.meta.dirname, '../..')

interface BenchLab {
  directory: string
  sshConfig: string
  /** A second tty that echoes, for picocom. */
  picocomTty: string
}

await withUndo(async context => {
  const lab = await startBenchLab(context)
  print('One keystroke, technician → relay → device → equipment and back, in ms')
  print(await keystrokes(lab))
  print('\nOne proof, in ms')
  print(await proofs(lab))
  print('\nResident memory, in MB (PSS: shared pages divided among their users)')
  print(await memory(context, lab))
  print('\nOn the wire, in bytes of TCP payload')
  const { keepaliveBytes, probeBytes, selftestBytes } = await measureWire(context)
  print(
    table([
      ['keepalive', keepaliveBytes.toFixed(0)],
      ['in-band probe of both listeners', probeBytes.toFixed(0)],
      ['self-test', selftestBytes.toFixed(0)],
    ]),
  )
  print('\nA reconnect storm')
  print(await storm(context, Number(process.env.OOBM_BENCH_DEVICES ?? 1000)))
})
process.exit(0)

/** Starts a lab whose equipment is a pty that echoes. */
async function startBenchLab(context: TestContext): Promise<BenchLab> {
  const directory = await scratchDirectory(context)
  const tty = await echoingTty(context, join(directory, 'tty-bridge'))
  const picocomTty = await echoingTty(context, join(directory, 'tty-picocom'))
  const root = join(directory, 'lab')
  const lab = startProgram(
    process.execPath,
    [join(ROOT, 'build/lib/lab.cjs'), '--no-screen', '--port', tty, '--directory', root],
    { cwd: directory },
  )
  context.cleanup(() => lab.stop(15_000))
  const status = () =>
    readStatus(join(root, 'device/run/oobm/status.json'), supervisorStatusSchema).catch(() => undefined)
  await waitFor(
    'the lab to be ready',
    async () => {
      if (lab.ended()) throw new Error(lab.output())
      return (await status())?.state === 'ready'
    },
    { timeoutMs: 60_000 },
  )
  return { directory: root, sshConfig: join(root, 'ssh_config'), picocomTty }
}

async function echoingTty(context: TestContext, link: string): Promise<string> {
  const socat: Program = startProgram('socat', [`PTY,link=${link},raw,echo=0`, 'PIPE'])
  context.cleanup(() => socat.stop())
  await waitFor(link, async () => (await runProgram('test', ['-e', link])).code === 0)
  return link
}

/** Measures both in turn, so that the load of the machine is the same for both. */
async function keystrokes({ sshConfig, picocomTty }: BenchLab): Promise<string> {
  const bridge = await startTypist(['-F', sshConfig, 'console'])
  const picocom = await startTypist(['-F', sshConfig, 'shell', `picocom --quiet --nolock --baud 9600 ${picocomTty}`])
  const samples = { bridge: [] as number[], picocom: [] as number[] }
  for (let i = 0; i < KEYSTROKES; i++) {
    samples.bridge.push(await bridge.keystroke())
    samples.picocom.push(await picocom.keystroke())
  }
  bridge.end()
  picocom.end()
  const row = (name: string, list: number[]) => [name, median(list).toFixed(2), quantile(list, 0.95).toFixed(2)]
  return table([
    ['', 'median', '95 %'],
    row('console bridge (ssh console)', samples.bridge),
    row("the device's sshd and picocom (ssh -J … picocom)", samples.picocom),
    ['ratio', ratio(median(samples.bridge), median(samples.picocom)), ''],
  ])
}

async function proofs({ directory, sshConfig }: BenchLab): Promise<string> {
  const selftests: number[] = []
  const probes: number[] = []
  const logins: number[] = []
  for (let i = 0; i < LOGINS; i++) {
    const asked = await runProgram(join(directory, 'oobm'), ['test'])
    if (asked.code !== 0) throw new Error(`oobm test: ${asked.stdout}${asked.stderr}`)
    const status = await readStatus(join(directory, 'device/run/oobm/status.json'), supervisorStatusSchema)
    if (status?.proof.tookMs) selftests.push(status.proof.tookMs)
    if (status?.proof.probeMs) probes.push(status.proof.probeMs)
    const startedMs = performance.now()
    const { code, stderr } = await runProgram('ssh', ['-F', sshConfig, 'shell', 'true'])
    if (code !== 0) throw new Error(`ssh shell true: ${stderr}`)
    logins.push(performance.now() - startedMs)
  }
  return table([
    ['', 'median'],
    ['in-band probe', median(probes).toFixed(0)],
    ['self-test: relay, shell with marker file, console host key', median(selftests).toFixed(0)],
    ['a script instead: ssh -J … true', median(logins).toFixed(0)],
    ['ratio of the last two', ratio(median(selftests), median(logins))],
  ])
}

async function memory(context: TestContext, { directory, sshConfig }: BenchLab): Promise<string> {
  const bare = startProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'])
  context.cleanup(() => bare.stop())
  await bare.says(/up/)
  const ssh = startProgram('ssh', ['-F', sshConfig, '-N', '-v', 'shell'])
  context.cleanup(() => ssh.stop())
  await ssh.says(/Entering interactive session|pledge/)
  const pidOf = async (unit: string) =>
    (JSON.parse(await readFile(join(directory, 'device/run', unit, 'status.json'), 'utf8')) as { pid: number }).pid
  const row = async (name: string, pid: number) => {
    const { rssKb, pssKb } = await memoryOf(pid)
    return [name, (rssKb / 1024).toFixed(0), (pssKb / 1024).toFixed(0)]
  }
  return table([
    ['', 'RSS', 'PSS'],
    await row('oobm-supervisor', await pidOf('oobm')),
    await row('oobm-console, with the simulator in it', await pidOf('oobm-console')),
    await row('an idle node', bare.pid),
    await row('ssh, as autossh keeps it running', ssh.pid),
  ])
}

function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)}x`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
