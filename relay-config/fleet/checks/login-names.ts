/** Names that no person can have as a login on a device or a relay: those that the system gives, or that it takes for none. */

/** systemd-sysusers(8) makes the accounts of devices, and takes no longer ones; Debian's adduser wants a letter in front. */
const LOGIN_NAME = /^[a-z][a-z0-9_-]{0,30}$/

/** Begin with these: systemd's own and ours. */
const PREFIXES = ['systemd-', 'oobm', 'enebular-']

/**
 * Accounts and groups; an account has a group of its own name, so both count. Debian 12 and 13 (base-passwd, and what its
 * common packages make), Raspberry Pi OS, and what a server that became a relay may have.
 */
const TAKEN = new Set(
  [
    // base-passwd
    'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody gnats',
    'adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl plugdev',
    'staff users nogroup',
    // packages of a base system, and systemd's groups
    'messagebus sshd polkitd netdev input kvm render sgx clock tss uuidd tcpdump crontab ssh ntp ntpsec chrony dnsmasq wheel',
    'lock log storage optical scanner ftp nvidia',
    // Raspberry Pi OS
    'pi gpio i2c spi bluetooth lpadmin rpi-first-boot-wizard rpifirstboot autologin lightdm avahi avahi-autoipd rtkit pulse',
    'pulse-access colord saned geoclue hplip statd usbmux sambashare nm-openvpn nm-openconnect vnc wayvnc pipewire',
    // images of hosting companies, and services of servers
    'admin debian ubuntu ec2-user centos fedora docker lxd landscape pollinate syslog fwupd-refresh postgres mysql redis',
    'postfix postdrop dovecot dovenull opendkim nginx apache bind unbound ssl-cert prometheus mosquitto nut gpsd vboxsf',
    // of this project
    'remote-admin local relay',
  ].flatMap(line => line.split(' ')),
)

/** @returns why nobody can log in by this name, and what to do */
export function loginNameProblem(name: string): string | undefined {
  const remedy = 'choose another, such as the initial and the family name'
  if (!LOGIN_NAME.test(name))
    return `"${name}" is no login name: 1 to 31 of a-z 0-9 _ - with a letter in front; ${remedy}`
  const prefix = PREFIXES.find(prefix => name.startsWith(prefix))
  if (prefix !== undefined) return `names beginning with ${prefix} are the system's own; ${remedy}`
  return TAKEN.has(name) ? `"${name}" is an account or a group of the system; ${remedy}` : undefined
}
