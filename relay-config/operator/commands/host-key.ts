/** `oobm-relay host-key`: prints the public host key of a dedicated relay; `push` gets the private half, to keep a copy. */

import { readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../../formats/names.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { defineCommand } from '../command.ts'
import { pathsOf, requireRoot } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const hostKey = defineCommand({
  summary: 'print the public host key of a dedicated relay, for host_keys in the fleet file',
  options: {
    private: { help: 'print the private key instead; "push" keeps an encrypted copy of it' },
    ...AT_RELAY_OPTIONS,
    root: { value: 'DIR', help: 'work on the system below DIR' },
  },
  atRelay: { isDedicated: true },
  run: async ({ values, print }) => {
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
})
