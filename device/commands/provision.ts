/** `oobm provision`: at boot, imports the file on the boot partition and applies the settings of the site. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { applianceFactsDirectory, provisioningDirectory } from '../../formats/directories.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { provision } from '../provision/provision.ts'

export const provisionCommand = defineCommand({
  summary: 'import oobm.toml from the boot partition, and apply the site’s network, time zone and host name',
  details: ['On a card image, oobm-provision.service runs this when the device starts.'],
  options: {
    boot: { value: 'DIR', default: '/boot/firmware', help: 'the boot partition' },
    root: { value: 'DIR', default: '/', help: 'provision the system below DIR' },
  },
  exitCodes: {
    0: 'Done, or there was nothing to import.',
    78: 'oobm.toml is wrong; each mistake is printed with its line.',
  },
  run: async ({ values, env, print, clock }) => {
    // systemd sets it for the programs that it starts (systemd.exec(5)).
    const isUnit = env.INVOCATION_ID !== undefined
    if (values.root === '/' && !isUnit && !existsSync(applianceFactsDirectory(env))) {
      const why = 'this system was not made from our card image, so its host name and network are left alone'
      throw new UserError(`oobm provision: ${why}. Use: sudo oobm import FILE`, EXIT.usage)
    }
    const fault = await provision({
      boot: resolve(values.boot),
      root: resolve(values.root),
      directory: provisioningDirectory(env),
      wallMs: clock.wallMs(),
      say: print,
    })
    if (fault !== undefined) print(fault)
    return fault === undefined ? EXIT.ok : EXIT.configuration
  },
})
