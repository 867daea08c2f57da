/** `oobm upgrade`: hands over to the appliance, whose system it is. */
import { existsSync } from 'node:fs'
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, type ExitCode, UserError } from '../../runtime/errors.ts'
import type { Command } from '../command.ts'

const PROGRAM = '/usr/lib/oobm-appliance/upgrade'

export const upgradeCommand: Command = {
  usage: 'upgrade [FILE.deb… | --undo | --factory | --list]',
  summary: 'the appliance: a new system, undone unless it proves itself; back to the one before; to the image’s own',
  run: async (args, { env }) => {
    const program = env.OOBM_UPGRADE ?? PROGRAM
    if (!existsSync(program)) {
      throw new UserError(
        'oobm: this is not the appliance, whose system is replaced as a whole: use apt here (`apt install ./oobm-device_….deb`)',
        EXIT.unavailable,
      )
    }
    try {
      await spawn(program, args, { stdio: 'inherit' })
      return EXIT.ok
    } catch (err) {
      // It has said by itself what was wrong.
      if (err instanceof SubprocessError && err.exitCode !== undefined) return err.exitCode as ExitCode
      throw err
    }
  },
}
