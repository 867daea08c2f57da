/**
 * Where a program on this device logs in at the console bridge from, when its account alone shall say who it is: the kernel
 * knows the uid of the other end of a loopback connection. Whoever forwards for somebody else, as the tunnel, sshd and others
 * do, comes from 127.0.0.1, where only keys count: nobody borrows an account by way of a forwarder that knows nothing of this.
 */
export const ACCOUNT_ADDRESS = '127.0.0.2'
