/**
 * Devices with the card's own upgrade programs, apt and trial over this machine's files, each in a mount namespace of its own and
 * behind a stock ssh tunnel to a real relay; and the operator of them. Only their restarts are a script, and their supervisor's
 * proof is a file. Needs root.
 */
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../../runtime/clock.ts'
import { freePort, freePortPairs } from '../../../../testbed/free-port.ts'
import { programArgs } from '../../../../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../../../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../../../testbed/sshd.ts'
import type { TestContext } from '../../../../testbed/suite.ts'
import { parseFleet } from '../../../fleet/fleet-config.ts'
import { operator } from '../../../testing/operator.ts'
import type { CommandInput } from '../../command.ts'
import { devicesWays } from '../device-way.ts'
import type { Work } from '../prepare-device.ts'
import { readPackages } from '../read-packages.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const APPLIANCE = join(ROOT, 'image/stage-remote/01-appliance/files/usr/lib/oobm-appliance')

/** How much faster the waits of the operator's program go by here. */
const HASTE = 20

export interface Appliance {
  readonly folder: string
  /** An upgrade on it goes on without the connection that started it. */
  outlive(): Promise<void>
  /** Whether it proves itself from now on. */
  prove(does: boolean): Promise<void>
  /** Whether somebody is on a console. */
  occupy(isIn: boolean): Promise<void>
  /** Runs a shell script among its files; `$HOME` is the administrator's. */
  sh(script: string): Promise<string>
  /** What `oobm upgrade --list` says. */
  list(): Promise<string>
}

interface PackageOptions {
  architecture?: string
  bytes?: number
  /** Shell that runs while it is installed. */
  postinst?: string
}

export interface Scene {
  readonly folder: string
  readonly relay: Sshd
  appliance(name: string): Appliance
  oobmRelay(...args: string[]): ReturnType<typeof runProgram>
  /** The program as a terminal starts it: what Ctrl-C ends is its process group. */
  typed(args: string[], env?: NodeJS.ProcessEnv): Program
  /** A package of this machine's architecture, with `bytes` of noise in it. */
  makePackage(version: string, options?: PackageOptions): Promise<string>
  /** What the program does for one device, with its waits cut short. @param told gets each step */
  work(
    device: string,
    paths: readonly string[],
    told: (what: string, part?: number) => void,
    more?: Partial<Work> & { limitKbit?: number },
  ): Promise<Work>
}

export async function startScene(context: TestContext, names: readonly string[]): Promise<Scene> {
  const op = await operator(context)
  const { folder, home } = op
  const relay = await op.startRelay('relay', ['AllowStreamLocalForwarding no'])
  const ports = await freePortPairs(names.length)
  const fleetFile = join(folder, 'fleet.toml')
  const others = names.map((name, index) => `[[devices]]\nname = "${name}"\nport = ${ports[index]}\n`).join('')
  const text = (await readFile(fleetFile, 'utf8')).replace(/\[\[devices\]\][\s\S]*?(?=\[\[technicians)/, others)
  await writeFile(fleetFile, `${text}admins = "all"\n`)
  for (const args of [['keys', '--all'], ['render']]) {
    const { code, stdout, stderr } = await op.oobmRelay(...args)
    assert.is(code, 0, `${args}: ${stdout}${stderr}`)
  }
  assert.is((await op.install()).code, 0)
  const authorized = join(home, '.ssh/authorized_keys')
  const appliances = new Map<string, Appliance>()
  for (const [index, name] of names.entries()) {
    const secrets = join(folder, 'secrets', name)
    const directory = join(folder, `device-${name}`)
    const { one, sshd } = await startAppliance(context, directory, join(secrets, 'shell_host_key'), op.alice.publicKey)
    appliances.set(name, one)
    const way = `-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o ExitOnForwardFailure=yes -o IdentitiesOnly=yes`
    const forward = `-N -R 127.0.0.1:${ports[index]}:127.0.0.1:${sshd.port}`
    const dial = `ssh ${way} -i ${join(secrets, 'relay_key')} -p ${relay.port} ${forward} ${relay.user}@127.0.0.1`
    const tunnel = startProgram('sh', ['-c', `while :; do ${dial} </dev/null; sleep 0.3; done`])
    context.cleanup(() => tunnel.stop())
    context.onFailure(tunnel.output)
  }
  context.onFailure(() => readFile(authorized, 'utf8'))
  return {
    ...{ folder, relay },
    appliance: name => appliances.get(name) ?? (assert.unreachable(name) as never),
    oobmRelay: (...args) =>
      runProgram(process.execPath, [...programArgs('relay-config/main.ts'), ...args], {
        env: { OOBM_FLEET: fleetFile },
        timeoutMs: 200_000,
      }),
    typed: (args, env = {}) => {
      const way = ['--as', 'alice', '--identity', op.alice.path]
      const command = [process.execPath, ...programArgs('relay-config/main.ts'), ...args, ...way]
      const program = startProgram('setsid', command, { env: { ...env, OOBM_FLEET: fleetFile } })
      context.cleanup(() => program.stop())
      context.onFailure(program.output)
      return program
    },
    makePackage: (version, options) => makePackage(folder, version, options),
    work: async (device, paths, told, { limitKbit, ...more } = {}) => {
      const signal = more.signal ?? context.signal
      const files = { fleet: fleetFile, secrets: join(folder, 'secrets'), rendered: join(folder, 'rendered') }
      const fleet = parseFleet(fleetFile, await readFile(fleetFile, 'utf8'))
      const values = { as: 'alice', identity: op.alice.path }
      const input = { ...{ files, fleet, values, positionals: [], print: () => {}, signal } } as CommandInput
      const ways = join(folder, `ways-${await freePort()}`)
      await mkdir(ways)
      const wayTo = await devicesWays(input, [device], ways, { signal, ...(limitKbit !== undefined && { limitKbit }) })
      return {
        ...{ way: wayTo(device), packages: await readPackages(paths), isDowngrade: false, isAgain: false, idleS: 60 },
        ...{ isDistribution: false, tell: told, signal },
        clock: { ...systemClock, sleep: (ms, over) => systemClock.sleep(ms / HASTE, over) },
        ...more,
      }
    },
  }
}

async function startAppliance(context: TestContext, folder: string, hostKey: string, adminKey: string) {
  const facts = join(folder, 'facts')
  const home = join(folder, 'home')
  const bin = join(folder, 'bin')
  for (const path of [facts, home, bin, join(folder, 'system'), join(folder, 'dpkg')])
    await mkdir(path, { recursive: true })
  const put = (name: string, text: string, mode = 0o644) => writeFile(join(folder, name), text, { mode })
  await put('facts/generation', '0\n')
  await put('facts/data', 'ok\n')
  await put('facts/image-id', 'this image\n')
  await put('boot_id', 'start-0\n')
  await put('passwd', `${await readFile('/etc/passwd', 'utf8')}remote-admin:*:0:0::${home}:/bin/sh\n`)
  await put('authorized_keys', `${adminKey}\n`, 0o600)
  // What sudo is for is tried on a whole Debian (system-tests/cases/packages).
  await put('bin/sudo', '#!/bin/sh\nshift\nexec "$@"\n', 0o755)
  await put('bin/dpkg-query', `#!/bin/sh\nexec /usr/bin/dpkg-query --admindir=${folder}/dpkg/now "$@"\n`, 0o755)
  await put(
    'bin/oobm',
    `#!/bin/sh
case "$*" in
  'status --proved') exec test -e ${folder}/proved ;;
  'status --in-use') cat ${folder}/in-use 2>/dev/null || : ;;
  'upgrade --state' | 'upgrade --list') exec ${APPLIANCE}/upgrade "$2" ;;
  *)
    shift
    if ! [ -e ${folder}/outlives ]; then exec ${APPLIANCE}/upgrade "$@"; fi
    # As the unit that systemd-run makes on a card.
    : >${folder}/upgrade.log
    setsid ${APPLIANCE}/upgrade "$@" >>${folder}/upgrade.log 2>&1 &
    unit=$!
    tail --follow --lines=+1 --sleep-interval=0.5 --pid="$unit" ${folder}/upgrade.log
    wait "$unit"
    ;;
esac
`,
    0o755,
  )
  const env = [
    `OOBM_FACTS=${facts}`,
    `OOBM_GENERATIONS=${folder}/system`,
    `OOBM_IMAGE_ID=${facts}/image-id`,
    'OOBM_IMAGE=/',
    `OOBM_KERNEL_LOG=${folder}/kernel-log`,
    `OOBM_SETTINGS_TRIAL=${folder}/settings-trial`,
    `OOBM_RESTART=${folder}/restart`,
    'OOBM_TRIAL_S=4',
    'OOBM_PACE_S=1',
    `PATH=${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  ]
  await put('restart', `#!/bin/sh\nexec setsid ${folder}/start </dev/null >>${folder}/starts 2>&1 &\n`, 0o755)
  // Everybody is cut off; then what init and oobm-trial.service do.
  await put(
    'start',
    `#!/bin/sh
sleep 0.5
pkill -KILL -P "$(cat ${folder}/sshd.pid)"
appliance=${APPLIANCE}
. "$appliance/report.sh"
. "$appliance/generations.sh"
data=ok
rm -f "$facts/trial" "$facts/fallen"
choose_generation
echo "$generation" >"$facts/generation"
if "$trial"; then echo "$generation" >"$facts/trial"; fi
if [ -n "$fallen" ]; then echo "$fallen" >"$facts/fallen"; fi
if [ "$generation" = 0 ]; then ln -sfn /var/lib/dpkg ${folder}/dpkg/now; else ln -sfn "$generations/$generation/root/var/lib/dpkg" ${folder}/dpkg/now; fi
echo "start-$(date +%s%N)" >${folder}/boot_id
if "$trial"; then "$appliance/trial" || exec "$0"; fi
`,
    0o755,
  )
  await copyFile(hostKey, join(folder, 'host_key'))
  await chmod(join(folder, 'host_key'), 0o600)
  const mounts = `set -e
ln -sfn /var/lib/dpkg ${folder}/dpkg/now
mount -t tmpfs tmpfs ${folder}/system
mount -t tmpfs -o size=8m tmpfs ${home}
mount --bind ${folder}/passwd /etc/passwd
mount --bind ${folder}/boot_id /proc/sys/kernel/random/boot_id
if [ -d /run/systemd/system ]; then mount -t tmpfs tmpfs /run/systemd; fi
exec "$@"`
  const sshd = await startSshd({
    directory: join(folder, 'sshd'),
    hostKey: {
      path: join(folder, 'host_key'),
      publicKey: (await readFile(`${hostKey}.pub`, 'utf8')).trim(),
      privateKey: await readFile(hostKey, 'utf8'),
    },
    authorizedKeys: [join(folder, 'authorized_keys')],
    config: [`SetEnv ${env.join(' ')} SHLVL=1`],
    under: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mounts, 'sh'],
  })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  context.onFailure(() => readFile(join(folder, 'starts'), 'utf8').catch(() => 'no start'))
  await put('sshd.pid', String(sshd.program.pid))
  const sh = async (script: string) => {
    const inside = ['-m', '-t', String(sshd.program.pid), 'env', `HOME=${home}`, ...env, 'sh', '-euc', script]
    const { code, stdout, stderr } = await runProgram('nsenter', inside)
    assert.is(code, 0, `${script}: ${stderr}`)
    return stdout.trim()
  }
  const flag = (name: string, text: string) => async (is: boolean) =>
    void (await (is ? put(name, text) : runProgram('rm', ['-f', join(folder, name)])))
  const one: Appliance = {
    outlive: () => put('outlives', ''),
    ...{ folder, sh, prove: flag('proved', ''), occupy: flag('in-use', 'oobm-console\n') },
    list: () => sh('oobm upgrade --list'),
  }
  await one.prove(true)
  await appendFile(join(folder, 'starts'), '')
  return { one, sshd }
}

async function makePackage(
  folder: string,
  version: string,
  { architecture, bytes = 1000, postinst }: PackageOptions = {},
): Promise<string> {
  const own = (await runProgram('dpkg', ['--print-architecture'])).stdout.trim()
  const tree = join(folder, `package-${version}`)
  await mkdir(join(tree, 'DEBIAN'), { recursive: true })
  await mkdir(join(tree, 'usr/share/oobm-upgrade-test'), { recursive: true })
  const control = `Package: oobm-device\nVersion: ${version}\nArchitecture: ${architecture ?? own}\nMaintainer: test <test@localhost>\nDescription: test\n`
  await writeFile(join(tree, 'DEBIAN/control'), control)
  if (postinst) await writeFile(join(tree, 'DEBIAN/postinst'), `#!/bin/sh\n${postinst}\n`, { mode: 0o755 })
  const noise = await runProgram('sh', [
    '-c',
    `head -c ${bytes} /dev/urandom >${tree}/usr/share/oobm-upgrade-test/noise`,
  ])
  assert.is(noise.code, 0, noise.stderr)
  const path = join(folder, `oobm-device_${version}_${architecture ?? own}.deb`)
  const packed = await runProgram('dpkg-deb', ['-Znone', '--build', '--root-owner-group', tree, path])
  assert.is(packed.code, 0, packed.stderr)
  return path
}
