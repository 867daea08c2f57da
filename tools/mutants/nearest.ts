/** The tests of a folder's code that stand elsewhere, beside its own; or those of one file, in place of them. */
const DEVICE_FILES = 'packaging/device/files'
const APPLIANCE = 'image/stage-remote/01-appliance/files/usr/lib/oobm-appliance'

export const NEAREST: Record<string, string[]> = {
  'relay-config/relay/forced-commands/oobm-login': [
    'lab/relay-login-commands.itest.ts',
    'lab/relay-login-menu.itest.ts',
  ],
  [`${DEVICE_FILES}/usr/lib/systemd/system`]: ['packaging/device/units.itest.ts'],
  [`${DEVICE_FILES}/etc/ssh/sshd_config.d`]: ['packaging/device/logins.itest.ts'],
  [`${DEVICE_FILES}/etc/sudoers.d`]: ['packaging/device/logins.itest.ts'],
  [`${DEVICE_FILES}/usr/lib/sysusers.d`]: ['packaging/device/logins.itest.ts'],
  [`${DEVICE_FILES}/usr/lib/tmpfiles.d`]: ['packaging/device/logins.itest.ts', 'packaging/device/units.itest.ts'],
  [APPLIANCE]: ['system-tests/loop-card/generations.itest.ts', 'system-tests/loop-card/data.itest.ts'],
  [`${DEVICE_FILES}/usr/lib/oobm`]: ['packaging/device/led-off.itest.ts', 'packaging/device/logins.itest.ts'],
}
