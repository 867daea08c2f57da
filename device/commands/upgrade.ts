/** `oobm upgrade`: starts the upgrade program of the card image. */
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
        'oobm upgrade: this system was not made from our card image: use apt here, such as "apt install ./oobm-device_1.0_arm64.deb"',
        EXIT.unavailable,
      )
    }
    try {
      await spawn(program, args, { stdio: 'inherit' })
      return EXIT.ok
    } catch (err) {
      // The program has printed what was wrong.
      if (err instanceof SubprocessError && err.exitCode !== undefined) return err.exitCode as ExitCode
      throw err
    }
  },
})
