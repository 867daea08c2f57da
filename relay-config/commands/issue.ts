/** `oobm-relay issue`: writes the one file that field staff put on a device's card. */
import { dirname, join, resolve } from 'node:path'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { stringifyProvisioning } from '../../runtime/provisioning.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { renderDeviceConfig } from '../render/device-config.ts'
import { readGatewayKey, readPrivateKey, readPublicKey } from '../secrets.ts'
import { type Command, deviceOf } from './command.ts'

export const issue: Command = {
  usage: 'DEVICE [--out FILE]',
  summary: 'write the provisioning file of a device, with its secrets: secrets/DEVICE/oobm.toml',
  options: { out: { type: 'string', value: 'FILE', help: 'write it there instead' } },
  run: async input => {
    const { fleet, files, values, print } = input
    const device = deviceOf(input)
    const [relayKey, shellHostKey, bridgeHostKey] = await Promise.all([
      readPrivateKey(files.secrets, device.name, 'relayKey'),
      readPrivateKey(files.secrets, device.name, 'shellHostKey'),
      readPrivateKey(files.secrets, device.name, 'bridgeHostKey'),
    ])
    const bridgePublicKey = await readPublicKey(files.secrets, device.name, 'bridgeHostKey')
    const gatewayKey = device.gateway ? await readGatewayKey(files.secrets, device.name) : undefined
    const config = renderDeviceConfig(fleet, device, bridgePublicKey, gatewayKey)
    const text = stringifyProvisioning(config, { relayKey, shellHostKey, bridgeHostKey })
    const out = resolve(String(values.out ?? join(files.secrets, device.name, 'oobm.toml')))
    try {
      await writeAtomically(out, text, 0o600)
    } catch (err) {
      throw new UserError(`cannot write ${out} (${errorCode(err)}): is there a folder ${dirname(out)}?`)
    }
    print(`wrote ${out}`)
    print(`Copy it as oobm.toml onto the boot partition of the card for ${device.name}, then keep no other copy.`)
    return EXIT.ok
  },
}
