/** Names that no person can have as a login on a device or a relay: those of the system, and those that it refuses. */

/** systemd-sysusers(8) makes the accounts of devices, and refuses longer names; Debian's adduser needs a letter in front. */
const LOGIN_NAME = /^[a-z][a-z0-9_-]{0,30}$/

/** Prefixes of systemd and of this project. */
const PREFIXES = ['systemd-', 'oobm', 'enebular-']

/**
 * Accounts and groups; an account has a group of the same name, so both count. From Debian 12 and 13 (base-passwd and common
 * packages), Raspberry Pi OS, and servers that may become a relay.
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
    'haproxy stunnel4 tinyproxy squid',
    // of this project
    'remote-admin local relay',
  ].flatMap(line => line.split(' ')),
)

/** @returns why nobody can log in with this name, and what to do */
export function loginNameProblem(name: string): string | undefined {
  const remedy = 'choose another, such as the initial and the family name'
  if (!LOGIN_NAME.test(name))
    return `"${name}" is not a login name: 1 to 31 of a-z 0-9 _ - with a letter in front; ${remedy}`
  const prefix = PREFIXES.find(prefix => name.startsWith(prefix))
  if (prefix !== undefined) return `names that begin with ${prefix} are for the system; ${remedy}`
  return TAKEN.has(name) ? `"${name}" is an account or a group of the system; ${remedy}` : undefined
}
