/** The file that a new board finds on its card: what an operator issues, with a relay that nothing answers for. */
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { stringifyProvisioning } from '../../formats/provisioning.ts'
import { makeKey } from '../../testbed/make-key.ts'

/** @param directory for its keys @param more of its configuration */
export async function issueBoard(
  directory: string,
  { bridge: bridgeSettings, ...more }: Partial<DeviceConfigInput> = {},
): Promise<string> {
  const [relay, bridge] = [await makeKey(directory, 'relay'), await makeKey(directory, 'bridge')]
  const config = {
    ...{ version: 1 as const, device: 'tokyo-rack1', listenerPort: 20100, led: { backend: 'none' as const } },
    relays: [{ host: '192.0.2.1', user: 'oobm', hostKeys: [relay.publicKey] }],
    bridge: { ...bridgeSettings, hostKey: bridge.publicKey },
    ...more,
  }
  return stringifyProvisioning(config, { relayKey: relay.privateKey, bridgeHostKey: bridge.privateKey }, {})
}
