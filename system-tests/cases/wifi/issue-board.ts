/** The file that a new board finds on its card: what an operator issues, with a relay that nothing answers for. */
import { stringifyProvisioning } from '../../../formats/provisioning.ts'
import { makeKey } from '../../../testbed/make-key.ts'

/** @param directory for its keys */
export async function issueBoard(directory: string): Promise<string> {
  const [relay, bridge] = [await makeKey(directory, 'relay'), await makeKey(directory, 'bridge')]
  const config = {
    ...{ version: 1 as const, device: 'tokyo-rack1', listenerPort: 20100, led: { backend: 'none' as const } },
    relays: [{ host: '192.0.2.1', user: 'oobm', hostKeys: [relay.publicKey] }],
    bridge: { hostKey: bridge.publicKey },
  }
  return stringifyProvisioning(config, { relayKey: relay.privateKey, bridgeHostKey: bridge.privateKey }, {})
}
