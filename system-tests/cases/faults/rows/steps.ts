/** Steps that rows share: a self-test that is due, and a person who is in. */
import type { Program } from '../../../../testbed/run-program.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import { monotonicMs } from '../monotonic.ts'
import type { Claim } from '../observation.ts'
import type { Scene } from '../row.ts'
import { SHELL } from '../world/provision.ts'

/** As `oobm test` does; the row goes on while it runs. */
export async function askForSelfTest({ world, cleanup }: Scene): Promise<void> {
  const asked = world.device.oobm('test')
  cleanup(() => asked)
}

/** A technician's command on the device, by the relay that the device is on, as their ssh_config leads there. */
export async function technicianGetsIn({ world, found, figure }: Scene): Promise<void> {
  const { network, provisioned } = world
  const startedMs = monotonicMs()
  const args = ['-F', provisioned.sshConfig, '-o', 'BatchMode=yes', SHELL, 'echo here']
  const { code, stdout, stderr } = await network.desk.run('ssh', args, { timeoutMs: 60_000 })
  figure('a technician is in after ms', Math.round(monotonicMs() - startedMs))
  if (stdout !== 'here\n') found(`ssh ${SHELL}: exit ${code}, ${stderr.trim()}`)
}

export interface Person {
  program: Program
  /** Lines of a clock that came so far. */
  ticks(): number
  isIn(): boolean
}

/** A technician's ssh, with a shell on the device that prints a line each second. */
export async function personIn({ world }: Scene): Promise<Person> {
  const { desk } = world.network
  const clock = 'while :; do echo tick; sleep 1; done'
  const options = ['-F', world.provisioned.sshConfig, '-o', 'BatchMode=yes', '-o', 'ServerAliveInterval=0']
  const program = desk.start('ssh', [...options, SHELL, clock])
  await program.says(/tick/, 30_000)
  return {
    program,
    ticks: () => program.output().split('tick').length - 1,
    isIn: () => !program.ended(),
  }
}

/** Returns at the moment when the relay has let the self-test's second connection in, and it has not ended yet. */
export async function duringSelfTest({ world, cleanup }: Scene): Promise<void> {
  const logins = () => world.relays[0]?.log().split('Accepted publickey').length ?? 0
  const before = logins()
  const asked = world.device.oobm('test')
  cleanup(() => asked)
  await waitFor('the self-test to log in to the relay', () => logins() > before)
}

/** So many bytes from the device to a technician, through the relay; the row fails when they do not all come. */
export async function sendUp({ world, pause, found, figure }: Scene, bytes: number): Promise<void> {
  const { desk } = world.network
  const command = `head -c ${bytes} /dev/urandom`
  const count = `ssh -F '${world.provisioned.sshConfig}' -o BatchMode=yes ${SHELL} '${command}' | wc -c`
  const program = desk.start('sh', ['-c', count])
  const startedMs = monotonicMs()
  while (!program.ended()) await pause(250)
  const came = Number(/^ *(\d+)$/m.exec(program.output())?.[1])
  figure('kbit/s up', Math.round((came * 8) / (monotonicMs() - startedMs)))
  if (came !== bytes) found(`${came} of ${bytes} bytes came: ${program.output().trim()}`)
}

/** Milliseconds until the device claims such a state; undefined when it does not in time. */
export async function waitForState(
  scene: Scene,
  is: (state: string) => boolean,
  timeoutMs: number,
): Promise<number | undefined> {
  return waitForClaim(scene, ({ state }) => is(state), timeoutMs)
}

/** The same for anything that it claims. */
export async function waitForClaim(
  { recorder, pause }: Scene,
  is: (claim: Claim) => boolean,
  timeoutMs: number,
): Promise<number | undefined> {
  const startedMs = monotonicMs()
  for (;;) {
    const claim = recorder.claim()
    const waitedMs = Math.round(monotonicMs() - startedMs)
    if (claim && is(claim)) return waitedMs
    if (waitedMs > timeoutMs) return undefined
    await pause(50)
  }
}
