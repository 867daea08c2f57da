/** What it takes to prove the tunnel, beside the script that one would write instead. */
import { join } from 'node:path'
import { readStatus, supervisorStatusSchema } from '../../formats/status-file.ts'
import { runProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { echoingTty, startBenchLab } from './bench-lab.ts'
import { median, table } from './figures.ts'

const LOGINS = 15

export async function proofs(context: TestContext): Promise<string> {
  const { directory, sshConfig } = await startBenchLab(context, await echoingTty(context))
  const look = () => readStatus(join(directory, 'device/run/oobm/status.json'), supervisorStatusSchema)
  const selftests: number[] = []
  const logins: number[] = []
  for (let i = 0; i < LOGINS; i++) {
    const asked = await runProgram(join(directory, 'oobm'), ['test'])
    if (asked.code !== 0) throw new Error(`oobm test: ${asked.stdout}${asked.stderr}`)
    const status = await look()
    if (status?.proof.tookMs) selftests.push(status.proof.tookMs)
    const startedMs = performance.now()
    const { code, stderr } = await runProgram('ssh', ['-F', sshConfig, 'shell', 'true'])
    if (code !== 0) throw new Error(`ssh shell true: ${stderr}`)
    logins.push(performance.now() - startedMs)
  }
  return table([
    ['', 'median'],
    ['self-test: relay, shell with marker file, console host key', median(selftests).toFixed(0)],
    ['a script instead: ssh -J … true', median(logins).toFixed(0)],
    ['ratio of the last two', `${(median(selftests) / median(logins)).toFixed(2)}x`],
  ])
}
