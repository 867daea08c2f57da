/** The technician of an image test: real OpenSSH clients, from the relay's side to the board. */
import { Buffer } from 'node:buffer'
import {
  type ConsoleStatus,
  consoleStatusSchema,
  type SupervisorStatus,
  supervisorStatusSchema,
} from '../../../formats/status-file.ts'
import { type Program, runProgram, startProgram } from '../../../testbed/run-program.ts'
import { CONSOLE, DEVICE } from './relay.ts'

/** Milliseconds for a login and a command on an emulated board. */
const LOGIN_MS = 300_000
/** The device's account for admins, with sudo. */
const ADMIN = 'remote-admin'

export interface Technician {
  /**
   * Runs a command in the board's shell.
   * @throws Error with what ssh said, unless it ended with 0
   */
  shell(command: string, timeoutMs?: number): Promise<string>
  /** The same as root. */
  root(command: string, timeoutMs?: number): Promise<string>
  /** Copies a file to the home of the admins' account. */
  copy(path: string): Promise<void>
  /** What the daemons say of themselves: their files, since `oobm` takes an emulated board seconds. */
  supervisor(): Promise<SupervisorStatus>
  bridge(): Promise<ConsoleStatus>
  /** Opens the console, with a terminal, so that `~B` is OpenSSH's. */
  console(): Program
}

export function technician(sshConfig: string): Technician {
  const must = async (program: string, args: string[], timeoutMs = LOGIN_MS) => {
    const { code, stdout, stderr } = await runProgram(program, ['-F', sshConfig, ...args], { timeoutMs })
    if (code !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr.trim()} ${stdout.trim()}`)
    return stdout
  }
  const shell: Technician['shell'] = (command, timeoutMs) => must('ssh', [DEVICE, command], timeoutMs)
  return {
    shell,
    root: (command, timeoutMs) =>
      must('ssh', ['-l', ADMIN, DEVICE, `sudo sh -c '${command.replaceAll("'", "'\\''")}'`], timeoutMs),
    copy: async path => {
      await must('scp', [path, `${ADMIN}@${DEVICE}:`])
    },
    supervisor: async () => supervisorStatusSchema.parse(JSON.parse(await shell('cat /run/oobm/status.json'))),
    bridge: async () => consoleStatusSchema.parse(JSON.parse(await shell('cat /run/oobm-console/status.json'))),
    console: () =>
      // `script` is the terminal: ssh reads its escapes from a terminal only.
      startProgram('script', ['-qfec', `exec ssh -tt -F '${sshConfig}' ${CONSOLE}`, '/dev/null']),
  }
}

/** Types as a person does: a line, then the time that the echo takes. */
export function type(program: Program, text: string): void {
  program.child.stdin?.write(Buffer.from(text, 'latin1'))
}
