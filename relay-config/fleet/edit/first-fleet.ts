/** The fleet file that `init` writes: one relay, and examples of the rest as comments. */
import { STABLE_EXAMPLE } from '../../../formats/serial-path.ts'
import { inlineText } from './write-items.ts'

export interface FirstRelay {
  name: string
  host: string
  port: number
  accounts: 'shared' | 'dedicated'
  /** The login on a shared relay. */
  user?: string | undefined
  hostKeys: readonly string[]
}

/** JSON Schema of the file, as the package has it. */
export const FLEET_JSON_SCHEMA = '/usr/share/oobm-relay/fleet.schema.json'

/** First line of a TOML file: by it, editors (Taplo, Even Better TOML) find the schema. */
export function schemaLine(path: string): string {
  return `#:schema ${path}\n`
}

export function firstFleetText({ name, host, port, accounts, user, hostKeys }: FirstRelay): string {
  const isDedicated = accounts === 'dedicated'
  const keys = hostKeys.length === 0 ? '[]' : `[\n${hostKeys.map(key => `  ${inlineText(key)},\n`).join('')}]`
  return `# Who may reach what, and through which relay. "oobm-relay check" verifies it.
# No secrets in here: keep it in git. Private keys are in secrets/ beside it, made by "oobm-relay keys".
# Change it by hand, or with "oobm-relay add", "remove" and "rename", which keep comments.
version = 1

# A relay is any Linux with OpenSSH that devices and technicians can both reach. Devices that name none use all of them.
[[relays]]
name = ${inlineText(name)}
host = ${inlineText(host)}
port = ${port}  # most networks let 443 out
${
  isDedicated
    ? `accounts = "dedicated"  # accounts and an sshd of its own, made there by "oobm-relay apply" as root
admin_port = 22  # of the host's own sshd, which is not changed
firewall = false  # true: open nothing but the ports of this file`
    : `accounts = "shared"  # one existing login; needs no root
user = ${inlineText(user ?? '')}`
}
# Its /etc/ssh/ssh_host_*_key.pub${isDedicated ? ', or the key that the first "apply" makes there' : ''}; devices and technicians accept no other.
host_keys = ${keys}

# A device and what is plugged into it: "oobm-relay add device NAME --console NAME --path PATH" writes
#   [[devices]]
#   name = "tokyo-rack1"
#   port = 20100              # 20100 on the relay is its shell, 20101 its consoles
#   profile = "cellular"      # for a metered line; the default is "wired"
#   [[devices.consoles]]
#   name = "core-sw1"         # "ssh core-sw1" is then this console
#   path = "${STABLE_EXAMPLE}"  # "ls /dev/serial/by-id/*", wherever it is plugged in
#   baud_rate = 9600

# A person: "oobm-relay add technician NAME --key FILE --consoles core-sw1" writes
#   [[technicians]]
#   name = "alice"
#   keys = ["ssh-ed25519 AAAA... alice@laptop"]
#   role = "operator"         # or "observer", who may only watch
#   consoles = ["core-sw1"]   # or "all"; there is no default
#   shells = ["tokyo-rack1"]  # devices whose shell they may use; none by default
`
}
