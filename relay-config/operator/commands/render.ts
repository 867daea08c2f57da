/** `oobm-relay render`: writes the files of each relay and each technician. */
import { resolve } from 'node:path'
import { LANGUAGES, languageOf } from '../../../formats/languages.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { type DevicePublicKeys, renderFiles } from '../../fleet/render/rendered-files.ts'
import { readRelayScripts } from '../../relay/scripts.ts'
import { defineCommand, withFleet } from '../command.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { updateRenderedFolder } from '../rendered-folder.ts'
import { readPublicKey } from '../secrets.ts'

export const render = defineCommand({
  summary: 'write the files that relays and technicians need, into rendered/ beside the fleet file',
  options: {
    out: { value: 'DIR', help: 'write into DIR instead' },
    'known-hosts': { value: 'FILE', help: 'where technicians keep known_hosts', default: '~/.ssh/oobm/known_hosts' },
    'putty-key': {
      value: 'FILE',
      help: 'the private key of PuTTY’s sessions, such as C:\\Users\\alice\\my.ppk; Pageant’s keys when not given',
    },
    language: { choices: LANGUAGES, help: 'language of the sheets of technicians', default: 'en' },
    identity: { value: 'FILE', help: 'the private key that technicians’ ssh uses; ssh chooses when not given' },
  },
  run: withFleet(async ({ fleet, files, values, print }) => {
    const folder = resolve(values.out ?? files.rendered)
    const rendered = renderFiles(
      await withSpareKeys(fleet, files.secrets),
      await readPublicKeys(fleet, files.secrets),
      readRelayScripts(),
      {
        knownHostsFile: values['known-hosts'],
        ...(values.identity !== undefined && { identityFile: values.identity }),
        ...(values['putty-key'] !== undefined && { puttyKeyFile: puttyKeyFile(values['putty-key']) }),
        language: languageOf(values.language),
      },
    )
    for (const { path, change } of await updateRenderedFolder(folder, rendered)) {
      if (change !== 'unchanged') print(`${change} ${folder}/${path}`)
    }
    print(`${rendered.size} files in ${folder} are up to date`)
    return EXIT.ok
  }),
})

/** @throws UserError for a path that PuTTY’s files cannot hold */
function puttyKeyFile(path: string): string {
  if (/^[ -~]+$/.test(path)) return path
  throw new UserError(
    `--putty-key: PuTTY's files hold ASCII alone, and the path ${JSON.stringify(path)} has more`,
    EXIT.usage,
  )
}

/** @throws UserError for the first key that is missing */
async function readPublicKeys(fleet: Fleet, secrets: string): Promise<Map<string, DevicePublicKeys>> {
  const keys = new Map<string, DevicePublicKeys>()
  for (const { name } of fleet.devices) {
    keys.set(name, {
      relay: await readPublicKey(secrets, name, 'relayKey'),
      shell: await readPublicKey(secrets, name, 'shellHostKey'),
      bridge: await readPublicKey(secrets, name, 'bridgeHostKey'),
    })
  }
  return keys
}
