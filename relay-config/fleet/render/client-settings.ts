/**
 * The settings of each rendered host, so that no setting that a technician has for all hosts (`Host *`) replaces them: ssh
 * takes the first value that it finds (ssh_config(5)), and our file comes first. Technicians choose the key, the agent, and
 * what concerns only their own machine.
 */

/** For every host: the relay, that `ssh -J` looks up by itself, a device's shell, a console. */
export const EVERY_HOST: readonly string[] = [
  'StrictHostKeyChecking yes',
  'GlobalKnownHostsFile none',
  'KnownHostsCommand none',
  'RevokedHostKeys none',
  'NoHostAuthenticationForLocalhost no',
  'VerifyHostKeyDNS no',
  'UpdateHostKeys no',
  'CheckHostIP no',
  // `+` adds to OpenSSH's defaults, and keeps the order by known host keys.
  'HostKeyAlgorithms +ssh-ed25519',
  'KexAlgorithms +curve25519-sha256',
  'Ciphers +aes256-gcm@openssh.com',
  'MACs +hmac-sha2-256-etm@openssh.com',
  'PubkeyAcceptedAlgorithms +ssh-ed25519',
  'RequiredRSASize 2048',
  'PubkeyAuthentication yes',
  // Keys open everything here: ssh asks for no password, and passes no ticket on.
  'PreferredAuthentications publickey',
  // A shared connection is found by address, port and user: two fleets have the same ones.
  'ControlMaster no',
  'ControlPath none',
  'ControlPersist no',
  'CanonicalizeHostname no',
  'Tunnel no',
  'ForwardAgent no',
  'ForwardX11 no',
  'PermitLocalCommand no',
  'RemoteCommand none',
  'SessionType default',
  'RequestTTY auto',
  'StdinNull no',
  'ForkAfterAuthentication no',
  // `~B` sends a BREAK.
  'EscapeChar ~',
  'ProxyUseFdpass no',
  'Compression no',
  'RekeyLimit default 0',
  'AddressFamily any',
  'BatchMode no',
  'ConnectTimeout 60',
  'ConnectionAttempts 1',
  'TCPKeepAlive yes',
  'ServerAliveInterval 15',
  'ServerAliveCountMax 3',
  'ChannelTimeout none',
  'ExitOnForwardFailure no',
  'LogLevel INFO',
]

/** For a relay, which forwards nothing. A device's shell and a console do, if the command line asks for it. */
export const NO_FORWARDS = 'ClearAllForwardings yes'

/** For a console; these come before {@link EVERY_HOST}, so that they count. */
export const BRIDGE: readonly string[] = [
  // The client's order decides (RFC 4253, section 7.1), and AES-GCM costs the bridge the least. All that it takes, by name:
  // `^` would be shorter, and an OpenSSH before 8.1 refuses a file that has it.
  'Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,chacha20-poly1305@openssh.com',
  // Its server has no post-quantum key exchange; OpenSSH 10.1 warns of that.
  'WarnWeakCrypto no-pq-kex',
]

/** Settings above that some client does not know; it would otherwise reject the whole file. */
const NEWER = [
  ...['PubkeyAcceptedAlgorithms', 'KnownHostsCommand', 'SessionType', 'StdinNull', 'ForkAfterAuthentication'],
  ...['RequiredRSASize', 'ChannelTimeout', 'WarnWeakCrypto'],
]

/** What technicians tell their ssh to ignore when they share one file between systems: ssh takes only the first such line. */
const OTHER_SYSTEMS = ['UseKeychain', 'GSSAPI*']

/** The first line of the file, because ssh reads every line, also those of other hosts. */
export const IGNORE_UNKNOWN = `IgnoreUnknown ${[...NEWER, ...OTHER_SYSTEMS].join(',')}`
