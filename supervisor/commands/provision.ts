/** `oobm provision`: at boot, takes over the file on the boot partition and puts the site's settings into force. */
import { resolve } from 'node:path'
import { provisioningDirectory } from '../../runtime/directories.ts'
import { EXIT } from '../../runtime/errors.ts'
import { provision } from '../provision/provision.ts'
import { type Command, readArguments } from './command.ts'

export const provisionCommand: Command = {
  usage: 'provision [--boot DIR] [--root DIR]',
  summary: 'what the appliance does at boot: take over oobm.toml from the boot partition (exit 78: it is wrong)',
  run: async (args, { env, print, clock }) => {
    const options = {
      boot: { type: 'string', default: '/boot/firmware' },
      root: { type: 'string', default: '/' },
    } as const
    const { values } = readArguments(provisionCommand, args, options)
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
