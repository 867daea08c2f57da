/** A whole Debian as a container: its own systemd, files and processes; no network, unless it is connected. */
import { readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../runtime/errors.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Machine } from './machine.ts'

export interface Container extends Machine {
  /** @param log a file for what it prints, as it comes */
  sh(script: string, log?: string): Promise<string>
  /** Process id of its first process, as this machine counts; undefined when it is off. */
  leader(): Promise<number | undefined>
  /** Gives it the network of this machine, as far as an unprivileged program has it, and nothing of this machine itself. */
  connect(): Promise<void>
}

const BOOT_MS = 60_000
/** Two hours: the longest of all scripts is every test of the project. */
const SCRIPT_MS = 7_200_000
/** What lives inside knows nothing of this machine's environment. */
const CLEAN_ENV = ['env', '-i', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
const NAMESPACES = ['--mount', '--pid', '--net', '--uts', '--ipc', '--root']
let count = 0

/**
 * Makes the files of a small Debian, from the mirror that this machine uses. Its name and its name servers are not this machine's.
 * @param packages more than the smallest
 */
export async function makeDebian(root: string, suite: string, packages: readonly string[]): Promise<undefined> {
  const args = ['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, suite, root]
  const { code, stdout, stderr } = await runProgram('mmdebstrap', args, { timeoutMs: 1_200_000 })
  if (code !== 0) throw new Error(`mmdebstrap: exit ${code}\n${stdout}${stderr}`)
  await writeFile(join(root, 'etc/hostname'), 'booted\n')
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 booted\n')
  await writeFile(join(root, 'etc/resolv.conf'), '')
}

/** So that IPAddressDeny= of its units is a firewall: systemd loads it into the kernel by bpf(2). */
const FIREWALL = ['--capability=all', '--system-call-filter=bpf']

/** So that it mounts images: the loop devices of this machine, which all containers share. */
const LOOPS = ['loop-control', ...Array.from({ length: 8 }, (_, number) => `loop${number}`)].map(
  name => `--bind=/dev/${name}`,
)

/**
 * Starts it. The caller cuts its power at last, whatever happened.
 * @param hasFirewall whether the addresses that units allow and deny mean something there
 * @param hasLoops whether it mounts images
 */
export function startContainer(root: string, { hasFirewall = false, hasLoops = false } = {}): Container {
  const name = `oobm-${process.pid}-${++count}`
  const where = ['-D', root, `--machine=${name}`, '--register=no', '--keep-unit']
  const nspawn = startProgram('systemd-nspawn', [
    ...where,
    ...(hasFirewall ? FIREWALL : []),
    ...(hasLoops ? LOOPS : []),
    ...['--boot', '--private-network', '--console=pipe'],
  ])
  nspawn.child.stdin?.end()
  let network: Program | undefined
  const leader = async () => {
    const children = await readFile(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8').catch(() => '')
    return Number(children) || undefined
  }
  // Not by pipes: what a script leaves running would hold them open.
  const enter = async (script: string, log = `${root}.said`) => {
    const target = ['--target', String((await leader()) ?? 'none')]
    const inside = ['nsenter', ...NAMESPACES, ...target, ...CLEAN_ENV, 'sh', '-c', `cd /root; set -eu\n${script}`]
    const { code } = await runProgram('sh', ['-c', 'exec "$@" >"$0" 2>&1', log, ...inside], { timeoutMs: SCRIPT_MS })
    return { code, said: await readFile(log, 'utf8') }
  }
  return {
    leader,
    printed: nspawn.output,
    untilPrints: async pattern => nspawn.says(pattern, BOOT_MS),
    untilUp: async () => {
      const isUp = async () => (await enter('systemctl is-system-running --quiet --wait')).code === 0
      await waitFor('its start', isUp, { timeoutMs: BOOT_MS, paceMs: 1_000 }).catch(err => {
        throw new Error(`${errorMessage(err)}\n${nspawn.output()}`)
      })
    },
    sh: async (script, log) => {
      const { code, said } = await enter(script, log)
      if (code !== 0) throw new Error(`exit ${code}\n${said}`)
      return said.replace(/\n$/, '')
    },
    untilOff: async () => void (await waitFor('power off', nspawn.ended, { timeoutMs: BOOT_MS })),
    cutPower: async () => {
      const first = await leader()
      if (first !== undefined) process.kill(first, 'SIGKILL')
      await nspawn.stop(BOOT_MS)
      await network?.stop(0)
      // systemd-nspawn leaves this where /run is on a disk.
      await rmdir(`/run/systemd/nspawn/propagate/${name}`).catch(() => {})
    },
    connect: async () => {
      const target = String(await leader())
      const options = ['--configure', '--disable-host-loopback', '--ready-fd=3', target, 'tap0']
      network = startProgram('sh', ['-c', 'exec slirp4netns "$@" 3>&1', 'sh', ...options])
      // What it writes when it is ready.
      await network.says(/^1/m)
      await writeFile(join(root, 'etc/resolv.conf'), 'nameserver 10.0.2.3\n')
    },
  }
}
