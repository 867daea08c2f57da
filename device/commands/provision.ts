/** `oobm provision`: at boot, takes over the file on the boot partition and puts the site's settings into force. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { applianceFactsDirectory, provisioningDirectory } from '../../formats/directories.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Command, readArguments } from '../command.ts'
import { provision } from '../provision/provision.ts'

export const provisionCommand: Command = {
  usage: 'provision [--boot DIR] [--root DIR]',
  summary: 'what the appliance does at boot: take over oobm.toml from the boot partition (exit 78: it is wrong)',
  run: async (args, { env, print, clock }) => {
    const options = {
      boot: { type: 'string', default: '/boot/firmware' },
      root: { type: 'string', default: '/' },
    } as const
    const { values } = readArguments(provisionCommand, args, options)
    // systemd says so to what it starts (systemd.exec(5)).
    const isUnit = env.INVOCATION_ID !== undefined
    if (values.root === '/' && !isUnit && !existsSync(applianceFactsDirectory(env))) {
      const why = 'host name, time zone and network of this system are not this program’s to set'
      throw new UserError(`oobm: this is no appliance: ${why}. Use: sudo oobm import FILE`, EXIT.usage)
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
}
