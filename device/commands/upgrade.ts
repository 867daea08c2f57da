/** `oobm upgrade`: hands over to the appliance, whose system it is. */
import { existsSync } from 'node:fs'
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, type ExitCode, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'

const PROGRAM = '/usr/lib/oobm-appliance/upgrade'

export const upgradeCommand = defineCommand({
  summary: 'upgrade the system; rolled back unless the device proves reachable',
  details: ['For a device that runs our card image.', 'Without FILE, all packages are upgraded.'],
  arguments: [{ value: 'FILE', isOptional: true, isRepeated: true, help: 'a Debian package to install' }],
  options: {
    undo: { help: 'go back to the system before the last upgrade' },
    factory: { help: 'go back to the system of the card image' },
    list: { help: 'list the systems that are kept' },
  },
  run: async ({ args, env }) => {
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
})
