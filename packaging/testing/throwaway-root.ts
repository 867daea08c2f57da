/** A place where a package can be installed and purged: this machine's file system, under an overlay that goes with it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'

export const ROOT = join(import.meta.dirname, '../..')

/** @throws Error with what it said, when the program fails */
export async function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, { cwd: ROOT, env, timeoutMs: 240_000 })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout
}

/**
 * Runs a script with this machine's file system as its root, in which it may do as it likes: all that it writes goes
 * into memory, and is gone with it. `/oobm/changes` shows what was written.
 * @param files name below `/oobm/files` → the file that is put there
 */
export async function inThrowawayRoot(
  context: TestContext,
  files: Record<string, string>,
  script: string,
): Promise<string> {
  const folder = await scratchDirectory(context)
  for (const name of ['memory', 'files']) await mkdir(join(folder, name))
  for (const [name, from] of Object.entries(files)) await writeFile(join(folder, 'files', name), await readFile(from))
  await writeFile(join(folder, 'files/script'), `set -eu\n${script}`)
  const setUp = `set -eu
cd '${folder}'
mount -t tmpfs oobm memory
mkdir memory/changes memory/work memory/root
cp -R files memory/files
mount -t overlay oobm -o lowerdir=/,upperdir=memory/changes,workdir=memory/work memory/root
mount -t proc proc memory/root/proc
mount --rbind /dev memory/root/dev
mkdir memory/root/oobm memory/root/oobm/files memory/root/oobm/changes
mount --bind memory/files memory/root/oobm/files
mount --bind -o ro memory/changes memory/root/oobm/changes
ip link set lo up
exec chroot memory/root sh /oobm/files/script`
  return run(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', setUp],
    {
      DEBIAN_FRONTEND: 'noninteractive',
      PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
      // What is only root's to read would make Node.js complain to each person there.
      NODE_EXTRA_CA_CERTS: undefined,
    },
  )
}
