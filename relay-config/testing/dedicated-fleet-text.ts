/** A fleet file with one dedicated relay: tokyo (a gateway) and osaka, alice who jumps and bob who also logs in. */
export function dedicatedFleetText(
  keys: { alice: string; bob: string },
  settings = 'host = "lon.example.net"',
): string {
  return `version = 1
[[relays]]
name = "lon"
accounts = "dedicated"
${settings}
[[devices]]
name = "tokyo"
port = 20100
gateway = true
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }]
[[devices]]
name = "osaka"
port = 20102
consoles = [{ name = "sw2", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
keys = ["${keys.alice}"]
consoles = ["sw1"]
uid = 20000
[[technicians]]
name = "bob"
keys = ["${keys.bob}"]
consoles = ["sw2"]
login = ["sw2"]
uid = 20001
`
}
