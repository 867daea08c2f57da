/** The machines that QEMU can be, each as its emulator is started. */
import { existsSync } from 'node:fs'
import { type BoardName, BOARDS as IMAGES } from '../../image/build/boards.ts'

/** Those for which there are images. */
export const BOARDS = Object.keys(IMAGES) as BoardName[]

/** `arch` and `dtb` are those of its images. */
export interface Board {
  arch: string
  /** The emulator's program. */
  emulator: string
  /** What makes the machine, without its card, network, adapter and serial lines. */
  machine: string[]
  dtb?: string
  /** How its card is attached, as an option of `-drive`. */
  drive: string
  network: string[]
  /** Where the kernel's console is: on the command line, and which of QEMU's serial lines that is. */
  console: { tty: string; serialIndex: number }
  /** Whether the next serial line leads to a shell for tests (agent/), which no image has. */
  hasShell?: boolean
  /** What makes that line where the machine has none, as `ttyS1` and the character device `shell`. */
  shellLine?: string[]
  /** More for its kernel's command line than the image says. */
  kernelOptions: string[]
  /** Physical address of the pins' levels (GPLEV0, BCM2835 ARM Peripherals, 6.1), where the machine has pins. */
  pinLevels?: number
  /** Milliseconds within which all that is asked of it comes: many times what it takes on a quiet machine. */
  patienceMs: number
  /** Whether its watchdog resets it as a real one would. */
  hasWatchdog?: boolean
}

/** So that the console's log says why, when a test fails (systemd-journald.service(8)). */
const JOURNAL_ON_CONSOLE = ['systemd.journald.forward_to_console=1', 'systemd.journald.max_level_console=info']
/** Drivers of chips that QEMU does not have: they would wait for them, and vchiq takes the kernel down with it at times. */
const ABSENT_CHIPS = 'modprobe.blacklist=vc4,cfg80211,brcmfmac,hci_uart,btbcm,snd_bcm2835,vchiq'
const USER_NETWORK = ['-netdev', 'user,id=net0', '-device']
const RASPBERRY = {
  drive: 'if=sd',
  network: [...USER_NETWORK, 'usb-net,netdev=net0'],
  console: { tty: 'ttyS1,115200', serialIndex: 1 },
}
/** One thread: QEMU's raspi machines are several times slower with more. */
const raspberry = (machine: string) => ['-M', machine, '-accel', 'tcg,thread=single', '-usb']
/** QEMU takes the arming of the board's watchdog for its expiry (hw/misc/bcm2835_powermgt.c), and starts it anew at once. */
const RASPBERRY_KERNEL = [...JOURNAL_ON_CONSOLE, 'net.ifnames=0', ABSENT_CHIPS, 'systemd.watchdog_sec=0']
/** How a card of ours is started where it is a virtio disk. */
const APPLIANCE = 'root=/dev/vda2 ro rootwait init=/usr/lib/oobm-appliance/init panic=5'
/** What guards against a processor that guesses ahead: no emulated one does, and it costs much of a program's start. */
const UNGUARDED = 'mitigations=off'
/** What takes most of an emulated start, and no test of the card looks at. */
const LEFT_OUT = [
  ...['systemd-logind.service', 'getty.target', 'e2scrub_reap.service'].map(unit => `systemd.mask=${unit}`),
  'module_blacklist=ahci,bochs,drm,i2c_i801,iTCO_wdt,kvm_amd,lpc_ich,parport_pc,pcspkr',
]

/** Drivers for what a PC's processor and chips have, of no use to most tests: udev would load them one after the other. */
export const IDLE_DRIVERS =
  'modprobe.blacklist=acpi_cpufreq,aesni_intel,ahci,evdev,ghash_clmulni_intel,i2c_i801,iTCO_wdt,joydev,kvm_amd,lpc_ich,pcspkr,powernow_k8,psmouse,sha256_ssse3,sha512_ssse3'

/**
 * @param name a board for which there are images; or one that starts a card with a test's shell on it, and has no network: `pc`,
 *   and `virt`, QEMU's own ARM board, which has pins with interrupts (those of its Raspberry Pis have none)
 * @param withKvm for the PCs alone: many times faster
 */
export function boardOf(name: BoardName | 'pc' | 'virt', withKvm: boolean): Board {
  const { arch, dtb } = IMAGES[name === 'pc' ? 'vm' : name === 'virt' ? 'pi3' : name]
  const image = { arch, ...(dtb && { dtb }) }
  const pc = {
    ...image,
    emulator: 'qemu-system-x86_64',
    machine: [
      '-M',
      'q35',
      ...(withKvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg', '-cpu', 'max', ...pace()]),
    ],
    drive: 'if=virtio',
    console: { tty: 'ttyS0,115200', serialIndex: 0 },
  }
  switch (name) {
    case 'pi3':
      return {
        ...RASPBERRY,
        ...image,
        emulator: 'qemu-system-aarch64',
        machine: raspberry('raspi3b'),
        kernelOptions: RASPBERRY_KERNEL,
        pinLevels: 0x3f20_0034,
        patienceMs: 400_000,
      }
    case 'zero-w':
      return {
        ...RASPBERRY,
        ...image,
        emulator: 'qemu-system-arm',
        machine: raspberry('raspi0'),
        kernelOptions: [...RASPBERRY_KERNEL, 'initcall_blacklist=bcm2835_power_driver_init'],
        pinLevels: 0x2020_0034,
        patienceMs: 900_000,
      }
    case 'vm': {
      // As of a computer whose battery is empty: the image starts with its own time, which is later.
      const more = ['-m', '512', '-rtc', 'base=2021-05-01', '-device', 'i6300esb', '-device', 'qemu-xhci,id=usb']
      return {
        ...pc,
        machine: [...pc.machine, ...more],
        network: [...USER_NETWORK, 'virtio-net-pci,netdev=net0'],
        kernelOptions: [...JOURNAL_ON_CONSOLE, 'net.ifnames=0', UNGUARDED],
        patienceMs: 900_000,
        hasWatchdog: true,
      }
    }
    case 'pc':
      return {
        ...pc,
        machine: [...pc.machine, '-m', '768', '-device', 'qemu-xhci,id=usb'],
        network: ['-nic', 'none'],
        hasShell: true,
        kernelOptions: [APPLIANCE, ...LEFT_OUT],
        // Emulated, a start takes some 20 s; where other emulated machines take the processors, it has taken 300.
        patienceMs: 900_000,
      }
    case 'virt':
      return {
        arch,
        emulator: 'qemu-system-aarch64',
        machine: ['-M', 'virt', '-cpu', 'cortex-a53', '-accel', 'tcg', '-m', '768'],
        drive: 'if=virtio',
        network: ['-nic', 'none'],
        console: { tty: 'ttyAMA0,115200', serialIndex: 0 },
        hasShell: true,
        shellLine: [...['-chardev', 'null,id=unused'], ...['-device', 'pci-serial-2x,chardev1=unused,chardev2=shell']],
        kernelOptions: [APPLIANCE, ...LEFT_OUT],
        // GPIODATA with all its lines (ARM PrimeCell PL061, 3.3.1).
        pinLevels: 0x0903_03fc,
        patienceMs: 900_000,
      }
    default:
      return name satisfies never
  }
}

/** Whether this machine's KVM starts a stock kernel: a paravirtual one (kvm_pvm) does not. `KVM=1` or `KVM=0` decides. */
export function hasKvm(): boolean {
  const { KVM } = process.env
  return KVM ? KVM === '1' : existsSync('/dev/kvm') && !existsSync('/sys/module/kvm_pvm')
}

/**
 * With `PACE=own` the clock of an emulated PC counts its instructions, 125 million a second, and goes on with this machine's
 * while it waits: where other work takes the processors, the board does not notice. It takes nearly twice the work.
 */
function pace(): string[] {
  return process.env.PACE === 'own' ? ['-icount', 'shift=3'] : []
}
