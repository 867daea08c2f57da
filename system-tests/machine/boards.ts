/** The boards that QEMU can be, each as its emulator is started; what an image of each is called. */

export const BOARDS = ['pi3', 'zero-w', 'vm'] as const
export type BoardName = (typeof BOARDS)[number]

export interface Board {
  name: BoardName
  /** Debian's name of its architecture. */
  arch: string
  /** The emulator's program. */
  emulator: string
  /** What makes the machine, without its disk, network, adapter and serial console. */
  machine: string[]
  /** The device tree's file name in the image's boot folder, where the machine has one. */
  dtb?: string
  /** How its card is attached, as an option of `-drive`; and what more is needed for it. */
  card: { drive: string; more?: string[] }
  /** The network, which the user-mode stack `net0` is behind. */
  network: string[]
  /** Where the kernel's console is: on the command line, and which of QEMU's serial lines that is. */
  console: { tty: string; serialIndex: number }
  /** What an emulated board needs on its kernel's command line, and a real one does not. */
  kernelOptions: string[]
  /** Physical address of the pins' levels (GPLEV0, BCM2835 ARM Peripherals, 6.1), where the machine has pins. */
  pinLevels?: number
  /** Milliseconds within which all that is asked of it comes: many times what it takes on a quiet machine. */
  patienceMs: number
  /** Where a USB device is plugged. */
  usb: string[]
  /** Whether its watchdog resets it as a real one would. */
  hasWatchdog: boolean
}

/** Drivers of chips that QEMU does not have: they would wait for them, and vchiq takes the kernel down with it at times. */
const ABSENT_CHIPS = 'modprobe.blacklist=vc4,cfg80211,brcmfmac,hci_uart,btbcm,snd_bcm2835,vchiq'
const RASPBERRY = {
  card: { drive: 'if=sd' },
  network: ['-device', 'usb-net,netdev=net0'],
  console: { tty: 'ttyS1,115200', serialIndex: 1 },
  usb: [],
  hasWatchdog: false,
}
const RASPBERRY_MACHINE = {
  // One thread: QEMU's raspi machines are several times slower with more.
  accelerator: ['-accel', 'tcg,thread=single'],
  // QEMU takes the arming of the board's watchdog for its expiry (hw/misc/bcm2835_powermgt.c), and starts it anew at once.
  kernelOptions: ['net.ifnames=0', ABSENT_CHIPS, 'systemd.watchdog_sec=0'],
}

/** @param withKvm for `vm` alone: many times faster, where the machine's KVM is a whole one */
export function boardOf(name: BoardName, withKvm: boolean): Board {
  switch (name) {
    case 'pi3':
      return {
        name,
        arch: 'arm64',
        emulator: 'qemu-system-aarch64',
        machine: ['-M', 'raspi3b', ...RASPBERRY_MACHINE.accelerator, '-usb'],
        dtb: 'bcm2837-rpi-3-b.dtb',
        ...RASPBERRY,
        kernelOptions: RASPBERRY_MACHINE.kernelOptions,
        pinLevels: 0x3f20_0034,
        patienceMs: 400_000,
      }
    case 'zero-w':
      return {
        name,
        arch: 'armel',
        emulator: 'qemu-system-arm',
        machine: ['-M', 'raspi0', ...RASPBERRY_MACHINE.accelerator, '-usb'],
        dtb: 'bcm2835-rpi-zero-w.dtb',
        ...RASPBERRY,
        kernelOptions: [...RASPBERRY_MACHINE.kernelOptions, 'initcall_blacklist=bcm2835_power_driver_init'],
        pinLevels: 0x2020_0034,
        patienceMs: 900_000,
      }
    case 'vm':
      return {
        name,
        arch: 'amd64',
        emulator: 'qemu-system-x86_64',
        // As of a computer whose battery is empty: the image starts with its own time, which is later.
        machine: [
          '-M',
          'q35',
          '-m',
          '512',
          '-rtc',
          'base=2021-05-01',
          '-device',
          'i6300esb',
          ...(withKvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-cpu', 'max']),
        ],
        card: { drive: 'if=virtio' },
        network: ['-device', 'virtio-net-pci,netdev=net0'],
        console: { tty: 'ttyS0,115200', serialIndex: 0 },
        kernelOptions: ['net.ifnames=0'],
        patienceMs: 400_000,
        usb: ['-device', 'qemu-xhci,id=usb'],
        hasWatchdog: true,
      }
    default:
      return name satisfies never
  }
}
