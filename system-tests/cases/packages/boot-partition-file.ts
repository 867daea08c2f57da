/** The file that a new board of the case `boot partition` finds on its card, as Windows saves it. */
import { makeKey } from '../../../testbed/make-key.ts'

/** @param folder for its keys */
export async function bootPartitionFile(folder: string): Promise<string> {
  const [relay, bridge, alice] = await Promise.all(['relay', 'bridge', 'alice'].map(name => makeKey(folder, name)))
  const text = `version = 1
device = "tokyo_rack1"
listener_port = 20100
[[relays]]
host = "192.0.2.1"
user = "oobm"
host_keys = ["${alice?.publicKey}"]
[bridge]
host_key = "${bridge?.publicKey}"
[[technicians]]
name = "alice"
keys = ["${alice?.publicKey}"]
admin = true
[led]
backend = "none"
[system]
time_zone = "Asia/Tokyo"
[[interfaces]]
name = "eth0"
addresses = ["192.0.2.10/24"]
gateways = ["192.0.2.1"]
[interfaces.eap]
method = "peap"
identity = "rack1"
password = "hush"
verify = false
[secrets]
relay_key = """
${relay?.privateKey}"""
bridge_host_key = """
${bridge?.privateKey}"""
`
  return text.replaceAll('\n', '\r\n')
}
