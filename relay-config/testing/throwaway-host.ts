/** A host of its own for tests that need root: this machine's files, or another Debian's, under an overlay, own processes, own network; all goes with it. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import {
  type Finished,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type Test, type TestContext } from '../../testbed/suite.ts'

const PART = join(import.meta.dirname, '..')

/** The files of such a host before anything is done there: `make relay-test-trixie` names another Debian's. */
export const BASE_ROOT = process.env.OOBM_TEST_ROOT ?? '/'

export interface ThrowawayHost {
  /** Its first process, as this machine counts. */
  readonly pid: number
  /** Its root folder, as a process in its mount namespace that is not in its root sees it. */
  readonly root: string
  /** A folder of this machine that it has as /root/fleet. */
  readonly shared: string
  run(command: string, args: string[], options?: ProgramOptions): Promise<Finished>
  start(command: string, args: string[], options?: ProgramOptions): Program
  /** Runs a line of shell, which must succeed. */
  sh(script: string, input?: string): Promise<string>
  /** Runs the program as it is installed there. */
  oobmRelay(...args: string[]): Promise<Finished>
  /** What its files differ in from this machine's: the paths in the overlay's upper folder. */
  differences(): Promise<string[]>
}

/** The tests of a file that needs such hosts: without root none of them can be. */
export function hostSuite(name: string): Test {
  const test = suite(name)
  if (process.getuid?.() === 0) return test
  const skip = (title: string) => test.skip(title, 'it makes a host of its own: needs root')
  return Object.assign(skip, { skip: test.skip, run: test.run })
}

/** Makes it, and stays as its first process, which takes in the orphans. */
const SETUP = `
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$D"
mkdir "$D/upper" "$D/work" "$D/root"
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$D/upper,workdir=$D/work" "$D/root"
mount --rbind /dev "$D/root/dev"
mount -t tmpfs -o mode=0755 tmpfs "$D/root/run"
mount -t tmpfs -o mode=1777 tmpfs "$D/root/tmp"
mount -t proc proc "$D/root/proc"
mkdir -p "$D/root/run/sshd" "$D/root/root/fleet"
mount --bind "$SHARED" "$D/root/root/fleet"
eval "$INSTALL"
ip link set lo up
echo ready
while :; do sleep 1000 & wait; done
`

/** Puts the program and the forced commands where the package has them. */
const INSTALL = `
mkdir -p "$D/root/usr/lib/oobm"
cp "$SHARED/oobm-relay.cjs" "$FORCED_COMMANDS/"oobm-* "$D/root/usr/lib/oobm/"
printf '#!/bin/sh\\nexec node /usr/lib/oobm/oobm-relay.cjs "$@"\\n' >"$D/root/usr/bin/oobm-relay"
chmod 755 "$D/root/usr/bin/oobm-relay" "$D/root/usr/lib/oobm/"oobm-[dlt]*
`

/** nsenter stays outside and waits: what it started is to end with it. */
const FOLLOW = ['setpriv', '--pdeathsig', 'TERM']

/** @param bare whether it has nothing of ours yet */
export async function startThrowawayHost(context: TestContext, { bare = false } = {}): Promise<ThrowawayHost> {
  const scratch = await scratchDirectory(context)
  const folder = join(scratch, 'host')
  const shared = join(scratch, 'fleet')
  await mkdir(folder)
  await mkdir(shared)
  if (!bare) await bundleTo(join(shared, 'oobm-relay.cjs'))
  const outer = startProgram('unshare', ['--mount', '--pid', '--net', '--fork', '--kill-child', 'bash', '-c', SETUP], {
    env: {
      BASE: BASE_ROOT,
      D: folder,
      SHARED: shared,
      FORCED_COMMANDS: join(PART, 'relay/forced-commands'),
      INSTALL: bare ? '' : INSTALL,
    },
  })
  context.cleanup(() => outer.stop(0))
  await outer.says(/^ready$/m)
  const pid = Number((await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8')).trim().split(' ')[0])
  const root = join(folder, 'root')
  const enter = (command: string, args: string[]) => [
    ...['--target', String(pid), '--mount', '--pid', '--net', 'chroot', root, ...FOLLOW, command, ...args],
  ]
  const run = (command: string, args: string[], options?: ProgramOptions) =>
    runProgram('nsenter', enter(command, args), { timeoutMs: 180_000, ...options })
  const must = async (finished: Promise<Finished>, what: string) => {
    const { code, stdout, stderr } = await finished
    if (code !== 0) throw new Error(`${what}: exit ${code}\n${stdout}${stderr}`)
    return stdout
  }
  return {
    pid,
    root,
    shared,
    run,
    start: (command, args, options) => startProgram('nsenter', enter(command, args), options),
    sh: (script, input = '') => must(run('sh', ['-c', `set -e; ${script}`], { input }), script),
    oobmRelay: (...args) => run('oobm-relay', args),
    differences: async () => {
      const list = `cd '${folder}/upper' && find . ! -type d | sort`
      const found = await must(runProgram('nsenter', ['--target', String(pid), '--mount', 'sh', '-c', list]), list)
      return found.split('\n').filter(line => line !== '')
    },
  }
}

/** Bundles it as it is installed: one file, so that a test can start many. */
export async function bundleTo(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(PART, 'main.ts')],
    outfile,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' },
    define: { 'import.meta.dirname': '__dirname' },
  })
}
