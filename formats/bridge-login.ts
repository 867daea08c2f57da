/** How a program on this device logs in at the console bridge. */

/**
 * The address to connect from so that the account alone says who logs in: the kernel knows the uid of the other end of
 * a loopback connection. Programs that forward for somebody else (the tunnel, sshd) connect from 127.0.0.1, where only
 * keys count, so nobody borrows the account of a forwarder.
 */
export const ACCOUNT_ADDRESS = '127.0.0.2'

/** The login name for the only console of a device, or for none in particular. */
export const ANY_CONSOLE = 'console'

/** The file with the bridge's host key, in its runtime directory. */
export const BRIDGE_KNOWN_HOSTS = 'known_hosts'

/** The ports that each console has for a client's forwarding (`ssh -L 4001:core-sw1:2217 core-sw1`); none is open anywhere. */
export const RFC2217_PORT = 2217
export const RAW_PORT = 23

/**
 * Set in the environment of a session (RFC 4254, section 6.4) by a client that connects again by itself: a bridge that stops
 * then ends the session as a lost connection, and not with an exit code.
 */
export const COMES_BACK = 'OOBM_COMES_BACK'
