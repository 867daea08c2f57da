/**
 * What a Linux machine says on its serial console when somebody should know: the kernel (the messages in its source, such as
 * kernel/panic.c, mm/oom_kill.c, block/blk-core.c), its boot loader, and login(1).
 */
import type { SetRule } from './set-rule.ts'

export const LINUX: readonly SetRule[] = [
  {
    name: 'linux-panic',
    about: 'the kernel stopped',
    pattern: 'Kernel panic - not syncing',
    examples: ['[   12.345678] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
  },
  {
    name: 'linux-oops',
    about: 'the kernel met an error in itself',
    pattern:
      '\\bOops: |Oops - |BUG: unable to handle|BUG: kernel NULL pointer|kernel BUG at |general protection fault|Internal error: ',
    examples: [
      '[  812.1] BUG: unable to handle page fault for address: ffffea0004000008',
      '[  812.1] Oops: 0000 [#1] PREEMPT SMP PTI',
      '[  812.1] kernel BUG at mm/slub.c:4000!',
      '[  812.1] Internal error: Oops: 17 [#1] ARM',
    ],
  },
  {
    name: 'linux-lockup',
    about: 'a processor or a task hangs',
    pattern:
      'soft lockup - CPU|hard LOCKUP|detected stalls? on CPU|self-detected stall|blocked for more than \\d+ seconds',
    examples: [
      '[ 9123.4] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:812]',
      '[ 9123.4] rcu: INFO: rcu_sched self-detected stall on CPU',
      '[ 9123.4] INFO: task jbd2/sda1-8:301 blocked for more than 120 seconds.',
    ],
  },
  {
    name: 'linux-memory',
    about: 'memory ran out, and the kernel ends processes',
    pattern: 'Out of memory: |invoked oom-killer|oom-kill:constraint|page allocation failure',
    examples: [
      '[ 9123.4] Out of memory: Killed process 4711 (mysqld) total-vm:2048000kB, anon-rss:1024000kB',
      '[ 9123.4] mysqld invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0',
    ],
  },
  {
    name: 'linux-disk',
    about: 'a disk or a file system fails',
    pattern:
      'I/O error[, ]|EXT4-fs error|EXT4-fs .*: Remounting filesystem read-only|XFS .*(?:[Cc]orruption|Internal error|I/O [Ee]rror)|BTRFS (?:error|critical)|md/raid.*Disk failure|Medium Error|UncorrectableError',
    examples: [
      '[ 9123.4] blk_update_request: I/O error, dev sda, sector 2048',
      '[ 9123.4] Buffer I/O error on dev sda1, logical block 0, async page read',
      '[ 9123.4] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0',
      '[ 9123.4] EXT4-fs (sda1): Remounting filesystem read-only',
      '[ 9123.4] XFS (sda1): Internal error XFS_WANT_CORRUPTED_GOTO at line 1635 of file fs/xfs/libxfs/xfs_alloc.c.',
      '[ 9123.4] md/raid1:md0: Disk failure on sdb1, disabling device.',
    ],
  },
  {
    name: 'linux-hardware',
    about: 'the hardware reports an error',
    pattern:
      '\\[Hardware Error\\]|Machine check|EDAC .* UE |NMI: (?:IOCK|PCI system) error|Uncorrected hardware memory error',
    examples: [
      '[ 9123.4] mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 4: b200000000070f0f',
      '[ 9123.4] EDAC MC0: 1 UE memory read error on CPU_SrcID#0',
    ],
  },
  {
    name: 'linux-temperature',
    about: 'it is too hot',
    pattern: 'critical temperature|[Tt]emperature above threshold',
    examples: [
      '[ 9123.4] thermal thermal_zone0: critical temperature reached (105 C), shutting down',
      '[ 9123.4] CPU0: Core temperature above threshold, cpu clock throttled (total events = 1)',
    ],
  },
  {
    name: 'linux-restart',
    about: 'it restarts, switches off, or starts',
    pattern:
      'reboot: (?:Restarting system|Power down|System halted)|^\\[ +0\\.000000\\] Linux version |Booting Linux on physical CPU',
    examples: ['[ 9123.4] reboot: Restarting system', '[    0.000000] Linux version 6.12.0 (gcc 14) #1 SMP'],
  },
  {
    name: 'linux-rescue',
    about: 'it stands in its boot loader, its initramfs or emergency mode',
    pattern:
      '^grub(?: rescue)?> ?$|^\\(initramfs\\) ?$|You are in emergency mode|Give root password for|Cannot open access to console, the root account is locked',
    examples: [
      'grub rescue> ',
      '(initramfs) ',
      'You are in emergency mode. After logging in, type "journalctl -xb" to view',
      'Give root password for maintenance',
    ],
  },
  {
    name: 'linux-login',
    about: 'somebody failed to log in',
    pattern: '^Login incorrect|FAILED LOGIN|authentication failure|Failed password for ',
    examples: [
      'Login incorrect',
      "Nov 26 04:20:07 web1 login[812]: FAILED LOGIN (1) on '/dev/ttyS0' FOR 'root', Authentication failure",
      'Nov 26 04:20:07 web1 sshd[812]: Failed password for root from 192.0.2.7 port 40000 ssh2',
    ],
  },
]
