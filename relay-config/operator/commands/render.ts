/** `oobm-relay render`: writes what each relay and each technician gets. */
import { resolve } from 'node:path'
import { EXIT } from '../../../runtime/errors.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { type DevicePublicKeys, renderFiles } from '../../fleet/render/rendered-files.ts'
import { readRelayScripts } from '../../relay/scripts.ts'
import { type Command, usageError } from '../command.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { updateRenderedFolder } from '../rendered-folder.ts'
import { readPublicKey } from '../secrets.ts'

export const render: Command = {
  usage: '[--out DIR] [--known-hosts FILE] [--identity FILE]',
  summary: 'write what relays and technicians get, into rendered/ beside the fleet file',
  options: {
    out: { type: 'string', value: 'DIR', help: 'write them there instead' },
    'known-hosts': { type: 'string', value: 'FILE', help: 'where the technicians keep the rendered known_hosts' },
    identity: { type: 'string', value: 'FILE', help: 'the private key that their ssh is to use; its own choice else' },
  },
  run: async ({ fleet, files, values, positionals, print }) => {
    if (positionals.length > 0) usageError('render takes no names: it writes everything')
    const folder = resolve(String(values.out ?? files.rendered))
    const rendered = renderFiles(
      await withSpareKeys(fleet, files.secrets),
      await readPublicKeys(fleet, files.secrets),
      readRelayScripts(),
      {
        knownHostsFile: String(values['known-hosts'] ?? '~/.ssh/oobm/known_hosts'),
        ...(typeof values.identity === 'string' && { identityFile: values.identity }),
      },
    )
    for (const { path, change } of await updateRenderedFolder(folder, rendered)) {
      if (change !== 'unchanged') print(`${change} ${folder}/${path}`)
    }
    print(`${rendered.size} files in ${folder} are up to date`)
    return EXIT.ok
  },
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
