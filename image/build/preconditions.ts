/** What a build needs of this machine beyond its programs, looked at before it begins; each message says the command that helps. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Board } from './boards.ts'

/** Bytes below which a build would end in the middle: base, tree, tree of the stage, tar, image. */
const NEEDED_BYTES = 6 * 2 ** 30
const GIB = 2 ** 30
const BINFMT = '/proc/sys/fs/binfmt_misc'
/** Debian's name of an architecture → the kernel's registration of its emulator. */
const EMULATORS: Record<Board['arch'], string> = { arm64: 'qemu-aarch64', armel: 'qemu-arm', amd64: 'qemu-x86_64' }

/** @throws UserError when there is less */
export function checkDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free >= NEEDED_BYTES) return
  const gib = (bytes: number) => (bytes / GIB).toFixed(1)
  throw new UserError(
    `${folder} has ${gib(free)} GiB free; an image needs ${gib(NEEDED_BYTES)} GiB while it is made`,
    EXIT.unavailable,
  )
}

/**
 * Sees to it that programs of the board's architecture run here: mounts what the kernel needs where it may.
 * @throws UserError with the commands, when they do not
 */
export function checkEmulation(arch: Board['arch'], isRoot: boolean): void {
  if (arch === nativeArch()) return
  const name = EMULATORS[arch]
  if (isRegistered(name)) return
  if (isRoot) {
    if (!existsSync(`${BINFMT}/register`)) spawnSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', BINFMT])
    // Debian 12's emulators are known to binfmt-support, Debian 13's to systemd-binfmt(8).
    spawnSync('update-binfmts', ['--enable', name])
    if (!isRegistered(name)) spawnSync('/usr/lib/systemd/systemd-binfmt', [`${name}.conf`])
    if (isRegistered(name)) return
  }
  throw new UserError(
    `programs for ${arch} do not run here: the kernel knows no emulator ${name}. As root:
  apt-get install qemu-user-static binfmt-support
  mount -t binfmt_misc binfmt_misc ${BINFMT}
  update-binfmts --enable ${name} || /usr/lib/systemd/systemd-binfmt ${name}.conf`,
    EXIT.unavailable,
  )
}

/** Without root, all is done in a user namespace. @throws UserError when this user has none */
export function checkNamespace(isRoot: boolean): void {
  if (isRoot || spawnSync('unshare', ['--map-root-user', '--map-auto', '--mount', 'true']).status === 0) return
  throw new UserError(
    `without root this needs a user namespace, which this user cannot make. As root:
  apt-get install uidmap
  grep -q "^$USER:" /etc/subuid || usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER
or build as root.`,
    EXIT.unavailable,
  )
}

/** In a chroot too: the interpreter must have been opened when it was registered (F). */
function isRegistered(name: string): boolean {
  try {
    const entry = readFileSync(`${BINFMT}/${name}`, 'utf8')
    return entry.startsWith('enabled') && /^flags:.*F/m.test(entry)
  } catch {
    return false
  }
}

/** Debian's name of this machine's architecture. */
export function nativeArch(): string {
  return spawnSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).stdout.trim()
}
