/** The key of the loopback self-test: it exists in memory only, and all it can do is create one marker file. */
import { chmod, chown, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newKeyPair } from '../../formats/private-key.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

export interface SelftestKey {
  privateKey: string
  /** Folder in which the forced command creates the marker. */
  markers: string
}

/**
 * Makes the key, and the file of authorized keys with which the device's sshd accepts it, in place of the last start's.
 * @param user the account that the self-test logs in to
 * @throws a system error
 */
export async function installSelftestKey(runtimeDirectory: string, user: string): Promise<SelftestKey> {
  const markers = join(runtimeDirectory, 'selftest')
  await mkdir(markers, { recursive: true })
  const gid = await groupOf(user)
  // The account may create files here, and not list or remove them.
  await chmod(markers, 0o730)
  if (gid !== undefined && gid !== process.getgid?.()) await chown(markers, process.getuid?.() ?? -1, gid)
  const { privateKey, publicKey } = newKeyPair('oobm-selftest')
  // World-readable: sshd reads it as another user, and it holds nothing but a public key.
  await writeAtomically(join(runtimeDirectory, 'selftest.keys'), `${keyLine(publicKey, markers)}\n`, 0o644)
  return { privateKey, markers }
}

/**
 * One authorized_keys line (sshd(8)): no forwarding, no terminal, and a command that takes 32 lower-case hex digits and
 * creates a file of that name, once.
 */
export function keyLine(publicKey: string, markers: string): string {
  if (!/^\/[A-Za-z0-9._/+@-]+$/.test(markers)) throw new Error(`${markers} needs quoting in a shell`)
  const command = [
    'LC_ALL=C; n=$SSH_ORIGINAL_COMMAND',
    "case $n in ''|*[!0-9a-f]*) exit 64;; esac",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own ${#n}, the length of n
    '[ ${#n} -eq 32 ] || exit 64',
    `set -C; : >${markers}/$n`,
  ].join('; ')
  return `restrict,command="${command}" ${publicKey}`
}

/** passwd(5): the numeric group of an account; undefined where there is no such account. */
async function groupOf(user: string): Promise<number | undefined> {
  const entry = (await readFile('/etc/passwd', 'utf8')).split('\n').find(line => line.startsWith(`${user}:`))
  const gid = Number(entry?.split(':')[3])
  return Number.isInteger(gid) ? gid : undefined
}
