/** `oobm-relay host-key`: says a dedicated relay's public host key; `push` asks it for the private half, to keep a copy. */

import { readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../../formats/names.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { type Command, usageError } from '../command.ts'
import { pathsOf, requireRoot } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const hostKey: Command = {
  usage: '[--private] [--relay NAME | --root DIR]',
  summary: 'for a dedicated relay: say its public host key, for host_keys in the fleet file',
  options: {
    ...AT_RELAY_OPTIONS,
    private: { type: 'boolean', help: 'the private half instead, from which "push" makes the operator’s copy' },
    root: { type: 'string', value: 'DIR', help: 'the root that everything is below, in place of /' },
  },
  atRelay: { isDedicated: true },
  runBare: async ({ positionals, values, print }) => {
    if (positionals.length > 0) usageError('host-key takes no names')
    requireRoot()
    const { hostKey: path } = pathsOf(values)
    const read = (file: string) =>
      readFile(file, 'utf8').catch(err => {
        throw new UserError(`cannot read ${file}: ${reasonOf(err)}`, EXIT.unavailable, { cause: err })
      })
    if (values.private) {
      print((await read(path)).trimEnd())
      return EXIT.ok
    }
    const key = publicKeySchema.parse(await read(`${path}.pub`))
    print(key)
    process.stderr.write(`${fingerprint(key)}\n`)
    return EXIT.ok
  },
}
