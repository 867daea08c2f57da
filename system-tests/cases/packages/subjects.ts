/** `device-package` and `relay-package`: what `make deb` makes, on a small Debian under its own systemd, without a network. */
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KILLER } from '../../../relay-config/testing/killed-apply.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { VERSION } from '../../../runtime/version.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Case, Steps, Subject } from '../../case.ts'
import { makeDebian, startContainer } from '../../machine/container.ts'
import type { MachineName } from '../../options.ts'
import { removeFolder } from '../../remove-folder.ts'
import { playSteps, readSteps } from '../../steps.ts'
import { bootPartitionFile } from './boot-partition-file.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const BUILD = join(REPOSITORY, 'build')
const SYSTEM = [
  'openssh-server',
  'nodejs',
  'iproute2',
  'nftables',
  'e2fsprogs',
  'util-linux',
  'procps',
  'systemd',
  'systemd-sysv',
  'dbus',
  'sudo',
]

interface Stage {
  on: MachineName
  /** The package's file. */
  deb: string
}

interface PackageCase {
  name: string
  /** Debian's packages that it needs beside {@link SYSTEM}. */
  packages: string[]
  /** Puts files there before it is started. */
  bring(root: string, stage: Stage, steps: Steps): Promise<void>
  /** The steps, beside this file. */
  script: string
  hasFirewall?: boolean
  hasLoops?: boolean
}

export const DEVICE_PACKAGE: Subject<Stage> = {
  name: 'device-package',
  about: 'the device’s package, from its installation to its purge; with a boot partition; and consoles on other lines',
  on: ['trixie'],
  cases: () => [
    packageCase({
      name: 'package',
      packages: ['openssh-client', 'udev', 'socat', 'lrzsz'],
      bring: bringNextAndRelay,
      script: 'device-package.sh',
    }),
    packageCase({
      name: 'boot partition',
      packages: ['udev', 'wpasupplicant', 'tzdata', 'lrzsz', 'iputils-arping'],
      bring: async (root, _, { folder }) => {
        await mkdir(join(root, 'boot/firmware'))
        await writeFile(join(root, 'boot/firmware/oobm.toml'), await bootPartitionFile(folder))
      },
      script: 'boot-partition.sh',
    }),
    packageCase({
      name: 'other lines',
      packages: ['openssh-client', 'udev', 'socat', 'ser2net', 'lrzsz', 'libnss-systemd'],
      bring: bringNextAndRelay,
      script: 'other-lines.sh',
      hasFirewall: true,
    }),
    packageCase({
      name: 'file drop',
      packages: [
        'openssh-client',
        'openssh-sftp-server',
        'udev',
        'tftp-hpa',
        'atftp',
        'curl',
        'busybox',
        'vsftpd',
        'libnss-systemd',
      ],
      bring: async (root, stage, steps) => {
        await bringNextAndRelay(root, stage, steps)
        await maskVsftpd(root)
      },
      script: 'file-drop.sh',
      hasFirewall: true,
      hasLoops: true,
    }),
    packageCase({
      name: 'power',
      packages: ['openssh-client', 'udev', 'curl', 'libnss-systemd'],
      bring: bringNextAndRelay,
      script: 'power.sh',
      hasFirewall: true,
    }),
    packageCase({
      name: 'router',
      packages: ['openssh-client', 'udev', 'curl', 'busybox', 'dnsmasq-base', 'libnss-systemd'],
      bring: bringNextAndRelay,
      script: 'router.sh',
      hasFirewall: true,
    }),
    packageCase({
      name: 'hotspot',
      packages: ['openssh-client', 'udev', 'curl', 'busybox', 'libnss-systemd'],
      bring: bringNextAndRelay,
      script: 'hotspot.sh',
      hasFirewall: true,
    }),
    packageCase({
      name: 'page',
      packages: ['openssh-client', 'udev', 'curl', 'dnsmasq-base', 'libnss-systemd'],
      bring: bringNextAndRelay,
      script: 'page.sh',
      hasFirewall: true,
    }),
  ],
  setUp: async ({ options: { on } }) => {
    const { stdout } = await runProgram('dpkg', ['--print-architecture'])
    return { on, deb: built(`oobm-device_${VERSION}_${stdout.trim()}.deb`, 'deb-device') }
  },
}

export const RELAY_PACKAGE: Subject<Stage> = {
  name: 'relay-package',
  about: 'the dedicated relay, from its package’s installation to its purge',
  on: ['trixie'],
  cases: () => [
    packageCase({
      name: 'dedicated relay',
      packages: ['openssh-client', 'openssh-sftp-server', 'nftables', 'socat', 'strace'],
      bring: async (root, _, { essential }) => {
        await essential('versions', () => versionsIn(root, ['openssh-server', 'systemd', 'nodejs', 'nftables']))
        await essential('tests that have a host of their own, on its files', () => testsOn(root))
      },
      script: 'dedicated-relay.sh',
    }),
    packageCase({
      name: 'relay behind HAProxy',
      packages: ['openssh-client', 'nftables', 'socat', 'haproxy', 'openssl'],
      bring: async (root, _, { essential }) => {
        await essential('versions', () => versionsIn(root, ['openssh-server', 'systemd', 'haproxy']))
        await writeFile(join(root, 'root/killer.cjs'), KILLER)
      },
      script: 'relay-tls.sh',
    }),
    packageCase({
      name: 'relay at home',
      packages: ['openssh-client', 'nftables', 'dnsmasq-base', 'ddclient', 'curl'],
      bring: (root, _, { essential }) =>
        essential('versions', () => versionsIn(root, ['openssh-server', 'systemd', 'ddclient'])),
      script: 'relay-at-home.sh',
    }),
    packageCase({
      name: 'relay and a NOC',
      packages: ['openssh-client', 'nftables', 'curl', 'rsyslog', 'nagios4-core'],
      bring: (root, _, { essential }) =>
        essential('versions', () => versionsIn(root, ['openssh-server', 'systemd', 'rsyslog', 'nagios4-core'])),
      script: 'relay-monitoring.sh',
    }),
  ],
  setUp: async ({ options: { on } }) => ({ on, deb: built(`oobm-relay_${VERSION}_all.deb`, 'deb') }),
}

function packageCase({
  name,
  packages,
  bring,
  script,
  hasFirewall = false,
  hasLoops = false,
}: PackageCase): Case<Stage> {
  return {
    name,
    run: async (stage, steps) => {
      const root = join(steps.folder, 'root')
      steps.cleanup(() => removeFolder(root))
      await steps.essential('a small Debian', () => makeDebian(root, stage.on, [...SYSTEM, ...packages]))
      await copyFile(stage.deb, join(root, 'root/oobm.deb'))
      await bring(root, stage, steps)
      const start = async () => {
        const container = startContainer(root, { hasFirewall, hasLoops })
        steps.cleanup(container.cutPower)
        await container.untilUp()
        return container
      }
      await playSteps(readSteps(await readFile(join(import.meta.dirname, script), 'utf8')), start, steps)
      return undefined
    },
  }
}

/** The package's next version, the same but for its number; and the operator's program. */
async function bringNextAndRelay(root: string, { deb }: Stage, { folder }: Steps): Promise<void> {
  const tree = join(folder, 'next')
  const control = join(tree, 'DEBIAN/control')
  await must('dpkg-deb', ['--raw-extract', deb, tree])
  await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*/m, '$&+next'))
  await must('dpkg-deb', ['--build', tree, join(root, 'root/next.deb')])
  await mkdir(join(root, 'root/program'))
  for (const name of ['oobm-relay.cjs', 'forced-commands']) {
    await cp(join(BUILD, 'lib', name), join(root, 'root/program', name), { recursive: true })
  }
}

/** As in the image: else the package starts it on every address. */
async function maskVsftpd(root: string): Promise<void> {
  await must('systemctl', [`--root=${root}`, 'mask', 'vsftpd.service'])
}

async function versionsIn(root: string, packages: string[]): Promise<string> {
  const said = await must('chroot', [root, 'dpkg-query', '--show', ...packages])
  return said.trim().replaceAll('\t', ' ').replaceAll('\n', ', ')
}

async function testsOn(root: string): Promise<string> {
  const tests = ['relay-config/story', 'apply.itest', 'apply-killed', 'push.itest']
  const { code, stdout, stderr } = await runProgram(
    process.execPath,
    ['--import', 'tsx', 'tools/run-tests.ts', ...tests],
    { cwd: REPOSITORY, env: { OOBM_TEST_ROOT: root }, timeoutMs: 1_800_000 },
  )
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}${stderr}`)
  return stdout.trim().split('\n').at(-1) ?? ''
}

/** @throws UserError when it is not built */
function built(name: string, target: string): string {
  const path = join(BUILD, name)
  if (!existsSync(path)) throw new UserError(`there is no ${name}; run: make ${target}`, EXIT.unavailable)
  return path
}

async function must(command: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, { timeoutMs: 300_000 })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${stderr}`)
  return stdout
}
