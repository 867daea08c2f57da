/** A fleet with two shared relays, for rendered texts. */
import { type Fleet, parseFleet } from '../../fleet-config.ts'

export const KEY = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICqRfR+jSmSXMbDDDXSsVCPGBlbvKZTyDz7RXqMoxWLf',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB2r34QoDiQTgVM0S1VlSGOnMKLj0lxqpvgtIbLQXVzs',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDj5w6MUh7+K0oUWh0DGxwgKvzkCEcpz+rkfvkj2tq0I',
]
const CAROL =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg='

/** Two relays; tokyo on both with two consoles, osaka on the second alone. */
export const FLEET = fleetOf(`
[[devices]]
name = "tokyo"
port = 20100
shell_user = "pi"
consoles = [{ name = "sw1", path = "/dev/ttyUSB0", baud_rate = 115200 }, { name = "rt1", path = "/dev/ttyUSB1" }]
led = { backend = "none" }
bridge = { port = 2300 }

[[devices]]
name = "osaka"
port = 20102
relays = ["lon"]
consoles = [{ name = "sw2", path = "/dev/ttyUSB0" }]

[[technicians]]
name = "alice"
keys = ["${KEY[1]}", "${KEY[2]}"]
consoles = "all"
shells = ["tokyo"]

[[technicians]]
name = "bob"
keys = ["${KEY[3]}"]
role = "observer"
consoles = ["sw2"]

[[technicians]]
name = "carol"
keys = ["${CAROL}"]
consoles = []
`)

/** The two relays, and whatever else. */
export function fleetOf(text: string): Fleet {
  return parseFleet(
    'fleet.toml',
    `version = 1
[[relays]]
name = "fra"
host = "fra.example.net"
user = "oobm"
host_keys = ["${KEY[0]}"]
[[relays]]
name = "lon"
host = "lon.example.net"
port = 8443
user = "ec2-user"
directory = "/srv/oobm"
host_keys = ["${KEY[0]}"]
${text}`,
  )
}
