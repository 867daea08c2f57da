/** The facts of the boards, for the image and for its tests: everything else of an image is one stage for all. */

export interface Board {
  /** Debian's name of the architecture. */
  arch: 'arm64' | 'armel' | 'amd64'
  /** The processor that QEMU plays while foreign programs run: its default is many times slower. */
  qemuCpu?: string
  /** What a board of Debian needs before the stage: its kernel, its firmware. */
  basePackages: string[]
  /** Its device tree's file name in the image's boot folder: its firmware finds it, an emulator is told. */
  dtb?: string
  /** Which boards the card is for, as people and Raspberry Pi Imager name them. */
  imager?: { name: string; devices: string[]; architecture: 'armv8' | 'armel' }
}

/** What Raspberry Pi OS has before a stage of one's own, and the stage counts on. */
export const COMMON_PACKAGES = [
  'ca-certificates',
  'dbus',
  'initramfs-tools',
  'openssh-server',
  'systemd-sysv',
  'systemd-timesyncd',
  'tzdata',
  'udev',
  'zstd',
]

/** Firmware of the boards' own Wi-Fi, and of the USB Wi-Fi in hardware.ts; what else these packages have is left out (50-oobm). */
const WIFI_FIRMWARE = [
  'firmware-brcm80211',
  'firmware-realtek',
  'firmware-mediatek',
  'firmware-ath9k-htc',
  'wireless-regdb',
]

const boards = {
  pi3: {
    arch: 'arm64',
    qemuCpu: 'cortex-a53',
    basePackages: ['linux-image-arm64', 'raspi-firmware', ...WIFI_FIRMWARE],
    dtb: 'bcm2837-rpi-3-b.dtb',
    imager: {
      name: 'Raspberry Pi 3, 4, Zero 2 W',
      devices: ['pi3-64bit', 'pi4-64bit'],
      architecture: 'armv8',
    },
  },
  'zero-w': {
    arch: 'armel',
    qemuCpu: 'arm1176',
    basePackages: ['linux-image-rpi', 'raspi-firmware', ...WIFI_FIRMWARE],
    dtb: 'bcm2835-rpi-zero-w.dtb',
    imager: { name: 'Raspberry Pi Zero W, Zero, 1', devices: ['pi1-32bit'], architecture: 'armel' },
  },
  // The developers' short loop: a virtual machine of one's own architecture. The cloud kernel knows no USB serial adapter.
  vm: { arch: 'amd64', basePackages: ['linux-image-amd64'] },
} satisfies Record<string, Board>

export type BoardName = keyof typeof boards
export const BOARDS: Record<BoardName, Board> = boards
