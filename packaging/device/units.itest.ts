/** The units of the device, held against systemd's own checks, and against the folders of their secrets. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SECRETS, SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { programCommand } from '../../runtime/program-command.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { has } from './testing/has.ts'

const test = suite('units')
const FILES = join(import.meta.dirname, 'files')
const UNITS = join(FILES, 'usr/lib/systemd/system')
/** Tenths of systemd's exposure level that each unit may have. That of the provisioning is root's: it mounts. */
const EXPOSURE_MAX: Record<string, number> = {
  'oobm-supervisor.service': 20,
  'oobm-console.service': 20,
  'oobm-provision.service': 20,
  'oobm-wpa@.service': 22,
  'oobm-hotspot@.service': 22,
  'oobm-fallback@.service': 22,
  'oobm-sides.service': 15,
  'oobm-serial-name.service': 25,
  'oobm-router@.service': 22,
  'oobm-dhcp@.service': 25,
  'oobm-people.service': 20,
  'oobm-lines.service': 20,
  'oobm-line@.service': 20,
  'oobm-line-host@.service': 25,
  'oobm-apply.service': 20,
  'oobm-outlets.service': 20,
  'oobm-power.service': 20,
  'oobm-card.service': 20,
  'oobm-modem.service': 20,
  'oobm-wifi-radio@.service': 13,
  'oobm-files.service': 12,
  'oobm-drop-net@.service': 20,
  'oobm-drop@.service': 20,
  // vsftpd begins as root.
  'oobm-ftp@.service': 25,
  'oobm-page@.service': 12,
  'oobm-console@.service': 12,
  'oobm-say.service': 15,
}

/** What every unit is enclosed by; below, what else it must say, and where it has another value or none. */
const ENCLOSED: Record<string, string> = {
  NoNewPrivileges: 'yes',
  ProtectSystem: 'strict',
  ProtectHome: 'yes',
  ProtectProc: 'invisible',
  ProtectClock: 'yes',
  ProtectControlGroups: 'yes',
  ProtectKernelLogs: 'yes',
  ProtectKernelModules: 'yes',
  ProtectKernelTunables: 'yes',
  ProtectHostname: 'yes',
  PrivateDevices: 'yes',
  PrivateTmp: 'yes',
  PrivateMounts: 'yes',
  RestrictNamespaces: 'yes',
  RestrictRealtime: 'yes',
  RestrictSUIDSGID: 'yes',
  LockPersonality: 'yes',
  RemoveIPC: 'yes',
  KeyringMode: 'private',
  IPAddressDeny: 'any',
  SystemCallArchitectures: 'native',
  SystemCallErrorNumber: 'EPERM',
  UMask: '0077',
}
const DAEMON = {
  CapabilityBoundingSet: '',
  AmbientCapabilities: '',
  Group: 'oobm',
  LimitNOFILE: '1024',
  TasksMax: '64',
}
const ENCLOSED_OTHERWISE: Record<string, Record<string, string | string[] | undefined>> = {
  'oobm-supervisor.service': {
    ...DAEMON,
    User: 'oobm-supervisor',
    RuntimeDirectory: 'oobm',
    StateDirectory: 'oobm',
    OOMScoreAdjust: '-500',
    SupplementaryGroups: 'gpio oobm-selftest',
    // Pins are devices: these, and no others.
    PrivateDevices: undefined,
    DevicePolicy: 'closed',
    DeviceAllow: 'char-gpiochip rw',
    // It speaks to relays; the LED is in /sys; its status file is for everybody.
    IPAddressDeny: undefined,
    ProtectKernelTunables: undefined,
    ReadOnlyPaths: '/proc/sys',
    ReadWritePaths: '-/run/oobm-settings',
    InaccessiblePaths: '-/var/lib/oobm-files',
    UMask: '0022',
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    SystemCallFilter: ['@system-service', '~@privileged @resources', '@chown capset'],
    MemoryMax: '256M',
  },
  'oobm-console.service': {
    ...DAEMON,
    User: 'oobm-console',
    RuntimeDirectory: 'oobm-console',
    StateDirectory: 'oobm-console',
    OOMScoreAdjust: '-400',
    ConditionPathExists: '/etc/oobm/device.toml',
    SupplementaryGroups: 'dialout',
    // Serial ports are devices: these, and no others.
    PrivateDevices: undefined,
    DevicePolicy: 'closed',
    DeviceAllow: ['char-ttyUSB rw', 'char-ttyACM rw', 'char-ttyAMA rw', 'char-ttyS rw'],
    ReadWritePaths: '-/var/lib/oobm-files',
    // Lines over the network have units of their own: this one is not opened for them.
    IPAddressAllow: 'localhost',
    RestrictAddressFamilies: 'AF_INET AF_UNIX',
    PrivateNetwork: undefined,
    LoadCredential: 'bridge:/etc/oobm/secrets/bridge',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '256M',
  },
  'oobm-provision.service': {
    // It mounts, and sets the host name.
    ProtectHostname: undefined,
    CapabilityBoundingSet: 'CAP_SYS_ADMIN',
    // Early, and before whatever reads what it derives.
    DefaultDependencies: 'no',
    After: 'local-fs.target systemd-sysusers.service systemd-tmpfiles-setup.service',
    Before: [
      'shutdown.target',
      'network-pre.target systemd-networkd.service wpa_supplicant.service wpa_supplicant@wlan0.service',
      'ssh.service sshd.service oobm-supervisor.service oobm-console.service',
    ],
    RequiresMountsFor: '/etc/oobm',
    ConditionPathIsDirectory: '/boot/firmware',
    TimeoutStartSec: '300',
    SuccessExitStatus: '78',
    RemainAfterExit: 'yes',
    RuntimeDirectory: 'oobm-provision systemd/network',
    RuntimeDirectoryPreserve: 'yes',
    PrivateNetwork: 'yes',
    ReadWritePaths: '/etc -/boot/firmware',
    RestrictAddressFamilies: 'AF_UNIX',
    SystemCallFilter: ['@system-service', '~@privileged @resources', '@mount sethostname'],
  },
  'oobm-card.service': {
    CapabilityBoundingSet: 'CAP_SYS_ADMIN',
    After: 'oobm-provision.service',
    ConditionPathExistsGlob: '/boot/firmware/*[sS][eE][tT][tT][iI][nN][gG][sS]*',
    SuccessExitStatus: '1',
    PrivateNetwork: 'yes',
    ReadWritePaths: '-/boot/firmware -/run/oobm-settings',
    RestrictAddressFamilies: 'AF_UNIX',
    SystemCallFilter: ['@system-service', '~@privileged @resources', '@mount'],
    MemoryMax: '128M',
    TasksMax: '64',
    LimitNOFILE: '1024',
  },
  'oobm-apply.service': {
    // It looks whether the daemons live.
    ProtectProc: 'default',
    PrivateNetwork: 'yes',
    RestrictAddressFamilies: 'AF_UNIX',
    CapabilityBoundingSet: 'CAP_DAC_OVERRIDE CAP_FOWNER',
    ReadWritePaths: '/etc/oobm /run/oobm-settings',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    StartLimitIntervalSec: '0',
    Restart: 'on-failure',
    MemoryMax: '256M',
    TasksMax: '64',
    LimitNOFILE: '1024',
    RuntimeDirectory: 'oobm-apply',
    RuntimeDirectoryMode: '0755',
    RuntimeDirectoryPreserve: 'yes',
    StateDirectory: 'oobm-apply',
  },
  'oobm-modem.service': {
    User: 'oobm-modem',
    ConditionPathExists: '/run/oobm-provision/cellular.toml',
    Wants: 'ModemManager.service',
    PrivateNetwork: 'yes',
    RestrictAddressFamilies: 'AF_UNIX',
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    LoadCredential: 'cellular.toml:/run/oobm-provision/cellular.toml',
    RuntimeDirectory: 'oobm-modem',
    RuntimeDirectoryMode: '0755',
    RuntimeDirectoryPreserve: 'restart',
    StateDirectory: 'oobm-modem',
    StateDirectoryMode: '0700',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    StartLimitIntervalSec: '0',
    Restart: 'always',
    OOMScoreAdjust: '-300',
    MemoryMax: '128M',
    TasksMax: '64',
    LimitNOFILE: '1024',
  },
  'oobm-wifi-radio@.service': {
    // In a network of its own it would see no interface.
    PrivateNetwork: undefined,
    CapabilityBoundingSet: '',
    ReadWritePaths: '/sys/bus',
    RestrictAddressFamilies: 'AF_UNIX',
    MemoryDenyWriteExecute: 'yes',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    TimeoutStartSec: '120',
    MemoryMax: '64M',
    TasksMax: '16',
  },
  'oobm-line@.service': {
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    DynamicUser: 'yes',
    LimitNOFILE: '1024',
    TasksMax: '64',
    MemoryMax: '128M',
    // oobm-line-host@.service allows the addresses of its host, and nothing else is allowed.
    IPAddressAllow: undefined,
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX',
    LoadCredential: [
      'spec:/run/oobm-lines/%i/spec',
      'addresses:/run/oobm-lines/%i/addresses',
      'line:/etc/oobm/secrets/lines/%i',
    ],
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-page@.service': {
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    DynamicUser: 'yes',
    // Its socket is systemd's: it opens none but netlink.
    RestrictAddressFamilies: 'AF_NETLINK',
    InaccessiblePaths: '-/var/lib/oobm-files -/etc/oobm/secrets',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '96M',
    TasksMax: '32',
    LimitNOFILE: '256',
  },
  'oobm-console@.service': {
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    DynamicUser: 'yes',
    IPAddressAllow: '127.0.0.1',
    RestrictAddressFamilies: 'AF_UNIX AF_INET',
    InaccessiblePaths: '-/var/lib/oobm-files -/etc/oobm',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '16M',
    TasksMax: '8',
    LimitNOFILE: '256',
  },
  'oobm-say.service': {
    User: 'oobm-say',
    Group: 'oobm-say',
    SupplementaryGroups: 'audio',
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    ConditionPathExists: '/etc/oobm/device.toml',
    ConditionPathExistsGlob: '/dev/snd/pcmC*D*p',
    RuntimeDirectory: 'oobm-say',
    // Sound cards are devices: these, and no others.
    PrivateDevices: undefined,
    DevicePolicy: 'closed',
    DeviceAllow: 'char-alsa rw',
    // It lists addresses, and answers `oobm say`; it speaks to no host.
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK',
    InaccessiblePaths: '-/var/lib/oobm-files -/etc/oobm/secrets',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    OOMScoreAdjust: '500',
    MemoryMax: '192M',
    TasksMax: '32',
    LimitNOFILE: '256',
  },
  'oobm-line-host@.service': {
    // It asks name servers.
    IPAddressDeny: undefined,
    CapabilityBoundingSet: '',
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    ReadWritePaths: '/run/oobm-lines',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-lines.service': {
    CapabilityBoundingSet: '',
    PrivateNetwork: 'yes',
    RestrictAddressFamilies: 'AF_UNIX',
    RuntimeDirectory: 'oobm-lines',
    RuntimeDirectoryMode: '0700',
    RuntimeDirectoryPreserve: 'yes',
    ReadWritePaths: '/etc/oobm/secrets',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-files.service': {
    UMask: '0022',
    // The rights of a directory that belongs to the services; what it mounts, systemd mounts.
    CapabilityBoundingSet: 'CAP_FOWNER',
    PrivateNetwork: 'yes',
    RestrictAddressFamilies: 'AF_UNIX',
    RuntimeDirectory: 'oobm-files',
    RuntimeDirectoryPreserve: 'yes',
    ReadWritePaths: '/var/lib/oobm-drop -/srv/oobm -/srv/oobm/read -/srv/oobm/upload',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-drop-net@.service': {
    CapabilityBoundingSet: '',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK',
    MemoryDenyWriteExecute: 'yes',
    PartOf: 'oobm-local@%i.target',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-drop@.service': {
    User: 'oobm-drop',
    UMask: '0027',
    CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE',
    AmbientCapabilities: 'CAP_NET_BIND_SERVICE',
    RestrictAddressFamilies: 'AF_INET AF_UNIX AF_NETLINK',
    // oobm-drop-net@.service allows the network of its address, and nothing else is allowed.
    IPAddressAllow: undefined,
    TemporaryFileSystem: '/var:ro /srv:ro',
    InaccessiblePaths: '-/etc/oobm -/boot',
    BindPaths: '/srv/oobm/upload /var/lib/oobm-drop/history',
    ReadWritePaths: undefined,
    PartOf: 'oobm-local@%i.target',
    ConditionPathExists: '/run/oobm-files/drop',
    OOMScoreAdjust: '300',
    MemoryMax: '128M',
    TasksMax: '32',
    LimitNOFILE: '1024',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-ftp@.service': {
    // Root, without the rights of root over files; each session has an account of its own, and a root of its own.
    User: undefined,
    UMask: '0027',
    CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_SETUID CAP_SETGID',
    AmbientCapabilities: '',
    RestrictAddressFamilies: 'AF_INET AF_UNIX',
    IPAddressAllow: undefined,
    TemporaryFileSystem: '/var:ro /srv:ro',
    InaccessiblePaths: '-/etc/oobm -/etc/shadow -/etc/gshadow -/etc/ssh -/boot',
    BindPaths: '/srv/oobm/upload:/srv/ftp/upload',
    ReadWritePaths: '/run/oobm-drop',
    PartOf: 'oobm-local@%i.target oobm-drop@%i.service',
    ConditionPathExists: '/run/oobm-files/ftp',
    OOMScoreAdjust: '300',
    MemoryMax: '96M',
    TasksMax: '96',
    LimitNOFILE: '1024',
    MemoryDenyWriteExecute: 'yes',
    SystemCallFilter: ['@system-service', '~@resources', 'chroot setuid setgid setgroups'],
  },
  'oobm-outlets.service': {
    CapabilityBoundingSet: '',
    PrivateNetwork: 'yes',
    RestrictAddressFamilies: 'AF_UNIX',
    RuntimeDirectory: 'oobm-outlets',
    RuntimeDirectoryMode: '0700',
    RuntimeDirectoryPreserve: 'yes',
    ReadWritePaths: undefined,
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-power.service': {
    User: 'oobm-power',
    SupplementaryGroups: 'gpio',
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    Restart: 'on-failure',
    StartLimitIntervalSec: '0',
    // Neither a serial port nor the relay's key: passwords of outlets, and nothing else.
    LoadCredential: 'power:/run/oobm-outlets/secrets',
    PrivateDevices: undefined,
    DevicePolicy: 'closed',
    DeviceAllow: 'char-usb_device rw',
    // Pins are files below /sys.
    ProtectKernelTunables: undefined,
    ReadOnlyPaths: '/proc/sys',
    // oobm-outlets.service allows the addresses of the outlets, and nothing else is allowed.
    IPAddressDeny: 'any',
    IPAddressAllow: undefined,
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    LimitNOFILE: '1024',
    TasksMax: '64',
    MemoryMax: '128M',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
  },
  'oobm-fallback@.service': {
    User: 'systemd-network',
    CapabilityBoundingSet: 'CAP_NET_ADMIN CAP_NET_RAW',
    AmbientCapabilities: 'CAP_NET_ADMIN CAP_NET_RAW',
    Restart: 'always',
    StartLimitIntervalSec: '0',
    MemoryDenyWriteExecute: 'yes',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK AF_PACKET AF_INET',
    SystemCallFilter: ['@system-service', '~@privileged @resources', 'capset setuid'],
    MemoryMax: '32M',
    TasksMax: '16',
  },
  'oobm-sides.service': {
    // Root: systemd is asked to start and stop units.
    CapabilityBoundingSet: 'CAP_NET_ADMIN',
    DefaultDependencies: 'no',
    Before: 'shutdown.target network-pre.target',
    Restart: 'always',
    StartLimitIntervalSec: '0',
    ExecStopPost: '/usr/lib/oobm/sides forget',
    MemoryDenyWriteExecute: 'yes',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK',
    RuntimeDirectory: 'oobm-sides',
    RuntimeDirectoryMode: '0755',
    UMask: '0022',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '32M',
    TasksMax: '16',
  },
  'oobm-serial-name.service': {
    User: 'systemd-resolve',
    // It sets the host name of a namespace of its own, and answers whoever asks beside the board.
    ProtectHostname: undefined,
    RestrictNamespaces: 'uts',
    IPAddressDeny: undefined,
    AmbientCapabilities: 'CAP_SYS_ADMIN CAP_SETPCAP CAP_NET_RAW CAP_NET_BIND_SERVICE',
    CapabilityBoundingSet: 'CAP_SYS_ADMIN CAP_SETPCAP CAP_NET_RAW CAP_NET_BIND_SERVICE',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK AF_INET AF_INET6',
    ConditionPathExists: ['/run/oobm-provision/serial-name', '/lib/systemd/systemd-resolved'],
    StopWhenUnneeded: 'yes',
    BindPaths: '/run/oobm-serial-name:/run/systemd/resolve',
    InaccessiblePaths: '-/etc/oobm/secrets -/run/dbus',
    MemoryDenyWriteExecute: 'yes',
    RuntimeDirectory: 'oobm-serial-name',
    UMask: '0022',
    SystemCallFilter: ['@system-service', '~@privileged @resources', 'sethostname capset'],
    MemoryMax: '48M',
    TasksMax: '8',
  },
  'oobm-router@.service': {
    User: 'oobm-router',
    CapabilityBoundingSet: 'CAP_NET_ADMIN',
    AmbientCapabilities: 'CAP_NET_ADMIN',
    // The kernel's switch for each interface, and no other.
    ProtectKernelTunables: undefined,
    ReadOnlyPaths: '/proc/sys',
    ReadWritePaths: '/proc/sys/net/ipv4/conf',
    IPAddressAllow: '255.255.255.255',
    RestrictAddressFamilies: 'AF_INET AF_UNIX AF_NETLINK',
    Requisite: 'oobm-local@%i.target',
    PartOf: 'oobm-local@%i.target',
    ConditionPathExists: '/run/oobm-provision/router-%i',
    RuntimeDirectory: 'oobm-router/%i',
    StateDirectory: 'oobm-router',
    UMask: '0022',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '128M',
    TasksMax: '32',
    LimitNOFILE: '1024',
  },
  'oobm-dhcp@.service': {
    User: 'oobm-dhcp',
    CapabilityBoundingSet: 'CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE',
    AmbientCapabilities: 'CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE',
    // It serves hosts, and asks name servers.
    IPAddressDeny: undefined,
    BindsTo: 'oobm-router@%i.service',
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    MemoryDenyWriteExecute: 'yes',
    RuntimeDirectory: 'oobm-dhcp/%i',
    UMask: '0022',
    SystemCallFilter: ['@system-service', '~@privileged @resources', 'capset'],
    MemoryMax: '64M',
    TasksMax: '16',
    LimitNOFILE: '1024',
  },
  'oobm-hotspot@.service': {
    RuntimeDirectory: 'oobm-hotspot',
    RuntimeDirectoryMode: '0755',
    ReadWritePaths: '/run/systemd/network',
    CapabilityBoundingSet: 'CAP_NET_ADMIN CAP_NET_RAW',
    MemoryDenyWriteExecute: 'yes',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK AF_PACKET AF_INET',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '64M',
    TasksMax: '32',
  },
  'oobm-wpa@.service': {
    // wpa_cli(8) is answered in /tmp.
    PrivateTmp: undefined,
    CapabilityBoundingSet: 'CAP_NET_ADMIN CAP_NET_RAW',
    Restart: 'always',
    StartLimitIntervalSec: '0',
    RuntimeDirectory: 'wpa_supplicant',
    RuntimeDirectoryMode: '0750',
    RuntimeDirectoryPreserve: 'yes',
    MemoryDenyWriteExecute: 'yes',
    RestrictAddressFamilies: 'AF_UNIX AF_NETLINK AF_PACKET AF_INET',
    SystemCallFilter: ['@system-service', '~@privileged @resources'],
    MemoryMax: '64M',
    TasksMax: '16',
  },
}

if (!has('systemd-analyze')) test.skip('systemd reads every unit as it is meant', 'needs systemd-analyze')
else {
  test('systemd reads every unit as it is meant', async context => {
    const root = join(await scratchDirectory(context), 'root')
    await cp(FILES, root, { recursive: true, verbatimSymlinks: true })
    for (const folder of ['sbin', 'lib/systemd']) await mkdir(join(root, 'usr', folder), { recursive: true })
    for (const program of [
      'bin/node',
      'sbin/wpa_supplicant',
      'sbin/vsftpd',
      'sbin/dnsmasq',
      'lib/systemd/systemd-socket-proxyd',
    ])
      await writeFile(join(root, 'usr', program), '#!/bin/sh\n', { mode: 0o755 })
    for (const unit of await units()) {
      // Not the units that these refer to: a scratch root has none of them.
      const args = ['verify', '--recursive-errors=no', '--man=no', `--root=${root}`, unit]
      const { code, stderr } = await runProgram('systemd-analyze', args)
      assert.is(code, 0, stderr)
      assert.is(stderr, '', stderr)
    }
  })

  test('every unit is as enclosed as it can be', async () => {
    for (const unit of await units()) {
      const threshold = `--threshold=${EXPOSURE_MAX[unit] ?? 'missing'}`
      const args = ['security', '--offline=true', threshold, '--no-pager', join(UNITS, unit)]
      const { code, stdout } = await runProgram('systemd-analyze', args)
      assert.is(code, 0, stdout)
    }
  })
}

test('every unit says each thing that it must, and encloses itself wherever it can', async () => {
  for (const unit of (await units()).filter(name => name in ENCLOSED_OTHERWISE)) {
    const settings = settingsOf(await readFile(join(UNITS, unit), 'utf8'))
    const wanted = { ...ENCLOSED, ...ENCLOSED_OTHERWISE[unit] }
    for (const [key, value] of Object.entries(wanted)) {
      const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
      assert.equal(settings.get(key) ?? [], values, `${unit}: ${key}=`)
    }
  }
})

// For ProtectKernelTunables= alone, systemd 255 to 257 leaves /sys as it is where a unit has no network of its own.
test('/sys is read-only for every unit but the one that lights the LED', async () => {
  for (const unit of await units()) {
    const settings = settingsOf(await readFile(join(UNITS, unit), 'utf8'))
    if (settings.get('ProtectKernelTunables') === undefined) continue
    const hasOwnSys = settings.get('PrivateNetwork')?.[0] === 'yes'
    assert.is(settings.get('BindReadOnlyPaths')?.includes('/sys') ?? false, !hasOwnSys, unit)
  }
})

test('a daemon that hangs, or is stopped, is ended by its watchdog; a slow start is not', async () => {
  for (const [unit, watchdogS] of Object.entries({ 'oobm-supervisor.service': 20, 'oobm-console.service': 60 })) {
    const text = await readFile(join(UNITS, unit), 'utf8')
    for (const setting of [
      ...['Type=notify', 'NotifyAccess=all', 'Restart=always', 'KillMode=mixed', 'TimeoutStartSec=600'],
      ...[`WatchdogSec=${watchdogS}`, 'WatchdogSignal=SIGKILL', 'StartLimitIntervalSec=0'],
    ])
      assert.match(text, `\n${setting}\n`, unit)
  }
  const supervisor = await readFile(join(UNITS, 'oobm-supervisor.service'), 'utf8')
  const [, script = ''] = /\nExecStopPost=-(\S+)\n/.exec(supervisor) ?? []
  assert.match(await readFile(join(FILES, script), 'utf8'), /^#!\/bin\/sh\n/)
})

test('a daemon starts with the flags and the loader that the lab and the measurements use', async () => {
  for (const unit of [
    'oobm-supervisor',
    'oobm-console',
    'oobm-line@',
    'oobm-power',
    'oobm-router@',
    'oobm-page@',
    'oobm-say',
    'oobm-modem',
  ]) {
    const [start] = settingsOf(await readFile(join(UNITS, `${unit}.service`), 'utf8')).get('ExecStart') ?? []
    const program = unit.replace('@', '')
    assert.is(start?.replace(/ %i$/, ''), programCommand('/usr/bin/node', '/usr/lib/oobm/lib', program).join(' '))
  }
  const [drop] = settingsOf(await readFile(join(UNITS, 'oobm-drop@.service'), 'utf8')).get('ExecStart') ?? []
  assert.is(drop, `${programCommand('/usr/bin/node', '/usr/lib/oobm/lib', 'oobm-drop').join(' ')} %i`)
  // What one types has no flags: it ends soon.
  const wrapper = await readFile(join(FILES, 'usr/bin/oobm'), 'utf8')
  assert.match(wrapper, `exec ${programCommand('/usr/bin/node', '/usr/lib/oobm/lib', 'oobm').join(' ')} "$@"`)
})

test('every secret of a unit is in a folder that it loads, and that folder is always there', async () => {
  const folders = (await readFile(join(FILES, 'usr/lib/tmpfiles.d/oobm.conf'), 'utf8')).split('\n')
  for (const { unit, source } of Object.values(SECRETS)) {
    const [folder = ''] = source.split('/')
    const path = `${SECRETS_DIRECTORY}/${folder}`
    assert.ok(
      folders.some(line => line.replace(/ +/g, ' ') === `d ${path} 0700 root root -`),
      path,
    )
    const file = { oobm: 'oobm-supervisor.service', 'oobm-console': 'oobm-console.service', system: undefined }[unit]
    if (file === undefined || !(await units()).includes(file)) continue
    assert.match(await readFile(join(UNITS, file), 'utf8'), `\nLoadCredential=${folder}:${path}\n`)
  }
})

/** Each key with its values, in their order. */
function settingsOf(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>()
  for (const [, key = '', value = ''] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm)) {
    settings.set(key, [...(settings.get(key) ?? []), value])
  }
  return settings
}

test('what mounts the files lets no program, device or set-uid file in', async () => {
  for (const area of ['read', 'upload']) {
    const settings = settingsOf(await readFile(join(UNITS, `srv-oobm-${area}.mount`), 'utf8'))
    assert.equal(settings.get('Options'), ['loop,nodev,nosuid,noexec,noatime,grpid,noinit_itable,errors=remount-ro'])
    assert.equal(
      [settings.get('What'), settings.get('Where')],
      [[`/var/lib/oobm-drop/${area}.img`], [`/srv/oobm/${area}`]],
    )
  }
})

async function units(): Promise<string[]> {
  return (await readdir(UNITS)).filter(name => name.endsWith('.service'))
}

test.run()
