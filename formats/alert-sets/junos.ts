/**
 * What Juniper's Junos says on its console when somebody should know: its own daemons (Junos OS System Log Messages Reference) and
 * the FreeBSD kernel below them (panic(9), ddb(4), loader(8)).
 */
import type { SetRule } from './set-rule.ts'

export const JUNOS: readonly SetRule[] = [
  {
    name: 'junos-crash',
    about: 'the kernel panicked, or a process crashed',
    pattern: '^panic: |Fatal trap \\d+:|exited on signal \\d+|core dumped|^db> ?$|Fatal double fault',
    examples: [
      'panic: page fault',
      'Fatal trap 12: page fault while in kernel mode',
      'Nov 26 04:20:07  mx1 /kernel: pid 4711 (rpd), uid 0: exited on signal 6 (core dumped)',
      'db> ',
    ],
  },
  {
    name: 'junos-restart',
    about: 'it shuts down, or starts',
    pattern:
      'System shutdown message from|^Shutdown NOW!|^Rebooting\\.\\.\\.|The operating system has halted|^Booting \\[|Consoles: serial port',
    examples: [
      '*** FINAL System shutdown message from root@mx1 ***',
      'Rebooting...',
      'The operating system has halted.',
      'Booting [/kernel]...',
    ],
  },
  {
    name: 'junos-boot-loader',
    about: 'it stands in its boot loader: nothing forwards packets',
    pattern: '^loader> ?$',
    examples: ['loader> '],
  },
  {
    name: 'junos-power',
    about: 'a power supply failed or was removed',
    pattern: '[Pp]ower [Ss]upply.*(?:[Ff]ail|[Rr]emoved|not OK|[Aa]bsent)|CHASSISD_\\w*(?:PEM|PSU|PSD|POWER)\\w*:',
    examples: [
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_SNMP_TRAP10: SNMP trap generated: Power Supply failed (jnxContentsContainerIndex 2)',
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_PEM_INPUT_BAD: status failure for power supply 1',
    ],
  },
  {
    name: 'junos-fan',
    about: 'a fan failed or was removed',
    pattern: 'CHASSISD_BLOWERS_SPEED_FULL:|Fan(?:/Blower| Tray)?.*(?:[Ff]ail|[Rr]emoved|not OK|[Aa]bsent)',
    examples: [
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_BLOWERS_SPEED_FULL: Fans and impellers being set to full speed [fan/impeller missing]',
      'Nov 26 04:20:07  mx1 craftd[1311]:  Major alarm set, Fan Tray 1 Failure',
    ],
  },
  {
    name: 'junos-temperature',
    about: 'it is too hot',
    pattern: 'CHASSISD_\\w*TEMP\\w*:|Over Temperature|[Tt]emperature.*(?:over|above) ',
    examples: [
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_OVER_TEMP_CONDITION: Chassis temperature over 55 degrees C (but no fan/impeller failure detected)',
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_RE_OVER_TEMP_WARNING: Routing Engine 0 temperature (86 C) over 85 degrees C, component will shutdown in 240 seconds if condition persists',
    ],
  },
  {
    name: 'junos-alarm',
    about: 'a chassis or system alarm was set',
    pattern: 'alarmd\\[\\d+\\]: +Alarm set:|craftd\\[\\d+\\]: +(?:Major|Minor) alarm set',
    examples: [
      'Nov 26 04:20:07  mx1 alarmd[1309]: Alarm set: RE color=RED, class=CHASSIS, reason=Host 0 Boot from alternate media',
      'Nov 26 04:20:07  mx1 craftd[1311]:  Minor alarm set, Rescue configuration is not set',
    ],
  },
  {
    name: 'junos-memory',
    about: 'memory or swap space ran out',
    pattern: 'swap_pager\\w*(?:\\(\\d+\\))?: failed|was killed: |out of swap space|RPD_MEMORY|kmem_malloc.*too small',
    examples: [
      'Nov 26 04:20:07  mx1 /kernel: swap_pager_getswapspace(2): failed',
      'Nov 26 04:20:07  mx1 /kernel: pid 4711 (rpd), uid 0, was killed: out of swap space',
    ],
  },
  {
    name: 'junos-disk',
    about: 'a disk fails, or is full',
    pattern:
      'g_vfs_done\\(\\):.*error|(?:READ|WRITE)_DMA\\w*.*(?:FAILURE|status=)|filesystem (?:is )?full|uncorrectable|hard error reading',
    examples: [
      'Nov 26 04:20:07  mx1 /kernel: g_vfs_done():ad0s1f[READ(offset=114688, length=16384)]error = 5',
      'Nov 26 04:20:07  mx1 /kernel: pid 4711 (eventd), uid 0 inumber 5 on /var: filesystem full',
    ],
  },
  {
    name: 'junos-login',
    about: 'somebody failed to log in',
    pattern:
      'LOGIN_(?:FAILED|PAM_AUTHENTICATION_ERROR|PAM_\\w+_ERROR)|SSHD_LOGIN_FAILED|^Login incorrect|Failed (?:password|keyboard-interactive/pam) for ',
    examples: [
      'Nov 26 04:20:07  mx1 login[4711]: LOGIN_FAILED: Login failed for user root from host ttyu0',
      "Nov 26 04:20:07  mx1 sshd[4711]: SSHD_LOGIN_FAILED: Login failed for user 'root' from host '192.0.2.7'",
      'Login incorrect',
    ],
  },
]
