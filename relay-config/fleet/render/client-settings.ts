/**
 * What each rendered host says of itself, so that nothing of a technician's own settings for all hosts (`Host *`) takes
 * its place: ssh takes the first value that it finds (ssh_config(5)), and our file stands before them. Left to the
 * technician: which key, which agent, and what concerns their own machine alone.
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
  // What OpenSSH would take without any setting, and still in the order of the known host keys: `+` is added to that.
  'HostKeyAlgorithms +ssh-ed25519',
  'KexAlgorithms +curve25519-sha256',
  'Ciphers +aes256-gcm@openssh.com',
  'MACs +hmac-sha2-256-etm@openssh.com',
  'PubkeyAcceptedAlgorithms +ssh-ed25519',
  'RequiredRSASize 2048',
  'PubkeyAuthentication yes',
  // Keys open everything here: no password is asked for that nobody has, and no ticket is handed on.
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
  // `~B` is how one sends a BREAK.
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

/** For the relay and a console, which forward nothing for anybody: a device's shell does, when asked on the command line. */
export const NO_FORWARDS = 'ClearAllForwardings yes'

/** The console bridge's SSH server has no post-quantum key exchange, of which OpenSSH 10.1 warns. */
export const BRIDGE = 'WarnWeakCrypto no-pq-kex'

/** Settings above that some client does not know, which would then read no line at all. */
const NEWER = [
  ...['PubkeyAcceptedAlgorithms', 'KnownHostsCommand', 'SessionType', 'StdinNull', 'ForkAfterAuthentication'],
  ...['RequiredRSASize', 'ChannelTimeout', 'WarnWeakCrypto'],
]

/** What technicians tell their ssh to ignore when they share one file between systems: only one such line counts. */
const OTHER_SYSTEMS = ['UseKeychain', 'GSSAPI*']

/** Stands at the head of the file, because ssh reads every line, also those of hosts that it is not asked for. */
export const IGNORE_UNKNOWN = `IgnoreUnknown ${[...NEWER, ...OTHER_SYSTEMS].join(',')}`
