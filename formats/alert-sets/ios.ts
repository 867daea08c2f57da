/**
 * What Cisco IOS, IOS XE and NX-OS say on their consoles when somebody should know. Messages are `%FACILITY-SEVERITY-MNEMONIC:`
 * (System Message Guide for Cisco IOS XE; Cisco NX-OS System Messages Reference). A port that goes up or down is not among
 * them: on an access switch, each computer that is switched on is one.
 */
import type { SetRule } from './set-rule.ts'

export const IOS: readonly SetRule[] = [
  {
    name: 'ios-crash',
    about: 'the software crashed, or an exception left a trace',
    pattern:
      '-Traceback=|Unexpected exception to CPU|Software-forced reload|Writing crashinfo to |System returned to ROM by .*(?:error|exception|crash|abort)|%SYSMGR-\\d-SERVICE_CRASHED:',
    examples: [
      '-Traceback= 1#9f2c1b1e :400000 1AF5DE0 :400000 1AF62E4',
      'Unexpected exception to CPU: vector 1500, PC = 0x2f5e6f8',
      '%Software-forced reload',
      'Writing crashinfo to flash:crashinfo_20261126-042007',
      'System returned to ROM by bus error at PC 0x60A1B2C4, address 0x10',
      '2026 Nov 26 04:20:07 n9k %SYSMGR-2-SERVICE_CRASHED: Service "bgp" (PID 4711) hasn\'t caught signal 11 (core will be saved).',
    ],
  },
  {
    name: 'ios-restart',
    about: 'it was told to reload, or starts',
    pattern:
      '%SYS-\\d-(?:RELOAD|RESTART):|System Bootstrap, Version|%PLATFORM-\\d-SYSTEM_RESET:|Cisco bootloader, Version',
    examples: [
      '*Nov 26 04:20:07.123: %SYS-5-RELOAD: Reload requested by alice on console. Reload Reason: Reload Command.',
      '*Nov 26 04:22:40.001: %SYS-5-RESTART: System restarted --',
      'System Bootstrap, Version 15.0(1r)M16, RELEASE SOFTWARE (fc1)',
    ],
  },
  {
    name: 'ios-boot-loader',
    about: 'it stands in its boot loader: nothing forwards packets',
    pattern: '^rommon ?#?\\d+ ?>|^rommon [A-Z]?\\d* ?>|^loader ?>|^switch: ?$',
    examples: ['rommon 1 > ', 'rommon #0>', 'loader> ', 'switch: '],
  },
  {
    name: 'ios-memory',
    about: 'memory is short or damaged',
    pattern:
      '%SYS-2-MALLOCFAIL:|%SYS-\\d-(?:OVERRUN|BADSHARE|FREEBAD|CHUNK\\w*):|%PLATFORM-\\d-ELEMENT_CRITICAL:|%PLATFORM-\\d-MEMORY_ALERT:',
    examples: [
      '%SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed from 0x6084C91C, alignment 0',
      '%PLATFORM-3-ELEMENT_CRITICAL: R0/0: smand: RP/0: Used Memory value 97% exceeds critical level 95%.',
    ],
  },
  {
    name: 'ios-power',
    about: 'a power supply failed or was removed',
    pattern:
      'PEM-[0-4]-[A-Z_]+:|-[0-4]-(?:FRU_PS|PS_|PSU_|PWR)\\w*:|-[0-4]-\\w*(?:POWER_?SUPPLY|PWRSUPPLY|PSFAIL)\\w*:|%C4K_IOSMODPORTMAN-4-POWERSUPPLYBAD:',
    examples: [
      '%PLATFORM_ENV-1-FRU_PS_SIGNAL_FAULTY: DC signal is faulty on power supply 1',
      '%IOSXE_PEM-3-PEMFAIL: The PEM in slot P0 is switched off or encountering a failure condition.',
      '2026 Nov 26 04:20:07 n9k %PLATFORM-2-PS_FAIL: Power supply 2 failed or shutdown',
      '%C4K_IOSMODPORTMAN-4-POWERSUPPLYBAD: Power supply 2 has failed or been turned off',
    ],
  },
  {
    name: 'ios-fan',
    about: 'a fan failed or was removed',
    pattern: '-[0-4]-(?:\\w*_)?FAN\\w*:',
    examples: [
      '%PLATFORM_ENV-1-FAN: Faulty fan 2',
      '%C4K_IOSMODPORTMAN-4-FANTRAYBAD: Fan tray has failed',
      '2026 Nov 26 04:20:07 n9k %PLATFORM-2-FAN_REMOVED: Fan module 1 (Serial number NXX) Fan1(sys_fan1) removed',
    ],
  },
  {
    name: 'ios-temperature',
    about: 'it is too hot',
    pattern:
      '-[0-4]-(?:\\w*_)?TEMP(?:HIGH|MAJ\\w*|MIN\\w*|CRIT\\w*|_\\w+)?:|-[0-4]-\\w*(?:OVERTEMP|OVERHEAT|THERMAL)\\w*:',
    examples: [
      '%PLATFORM_ENV-1-TEMP: Abnormal temperature',
      '%C4K_IOSMODPORTMAN-4-TEMPHIGH: Module 1 Sensor 3 temperature is high',
      '2026 Nov 26 04:20:07 n7k %PLATFORM-2-MOD_TEMPMAJALRM: Module-2 reported Major temperature alarm.',
    ],
  },
  {
    name: 'ios-redundancy',
    about: 'a supervisor or a member of a stack changed over or left',
    pattern:
      '-[0-5]-\\w*SWITCHOVER\\w*:|%STACKMGR-\\d-(?:SWITCH_REMOVED|ACTIVE_ELECTED|MASTER_ELECTED|STACK_LINK_CHANGE):',
    examples: [
      '%REDUNDANCY-3-SWITCHOVER: RP switchover (PEER_DOWN)',
      '%STACKMGR-4-SWITCH_REMOVED: Switch 2 has been REMOVED from the stack',
    ],
  },
  {
    name: 'ios-login',
    about: 'somebody failed to log in, or logins are blocked after too many tries',
    pattern:
      '%SEC_LOGIN-\\d-(?:LOGIN_FAILED|QUIET_MODE_ON):|% Login invalid|% Authentication failed|% Bad passwords|% Access denied',
    examples: [
      '%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: root] [Source: 192.0.2.7] [localport: 22] [Reason: Login Authentication Failed]',
      '%SEC_LOGIN-1-QUIET_MODE_ON: Still timeleft for watching failures is 11 secs, [user: x] [Source: 192.0.2.7]',
      '% Login invalid',
      '% Bad passwords',
    ],
  },
  {
    name: 'ios-severe',
    about: 'any other message of severity 0 to 2: emergency, alert, critical',
    pattern: '%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-[012]-[A-Z0-9_]+:',
    examples: [
      '%PMAN-0-PROCESS_NOTIFICATION: R0/0: pvp: The process lifecycle notification component failed because x',
      '%IP-SNMP-2-ERROR: x',
    ],
  },
]
