/** Steps that rows share: a self-test that is due, and a person who is in. */
import type { Program } from '../../../testbed/run-program.ts'
import type { Scene } from '../row.ts'
import { SHELL } from '../world/provision.ts'

/** As `oobm test` does; the row goes on while it runs. */
export async function askForSelfTest({ world, cleanup }: Scene): Promise<void> {
  const asked = world.device.oobm('test')
  cleanup(() => asked)
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
