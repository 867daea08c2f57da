/** A device's files in a throwaway root, with keys and configurations, and what scripts there share. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfigInput } from '../../../formats/device-config.ts'
import { stringifyToml } from '../../../formats/toml-file.ts'
import { type KeyPair, makeKey } from '../../../testbed/make-key.ts'
import { buildInto } from '../../../testbed/programs.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { inThrowawayRoot, run } from '../../testing/throwaway-root.ts'

const FILES = join(import.meta.dirname, '../files')

/** `host`: of the bridge, and of the relay. */
type Names = 'alice' | 'bob' | 'dave' | 'mallory' | 'host'
type Technicians = NonNullable<DeviceConfigInput['technicians']>

/** What the scripts share. */
const LIBRARY = `
cd /oobm/files
tar -C / -xf device.tar
mkdir -p /oobm/program
tar -C /oobm/program --no-same-owner -xf programs.tar
PATH=$PATH:/usr/sbin
people() { ${process.execPath} /oobm/program/lib/oobm.cjs people; }
configure() { cp "$1" /etc/oobm/device.toml; }
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.1; done; echo "never true: $*"; return 1; }
# With \`set -e\`, a bare \`!\` never fails.
not() { if "$@" 2>/dev/null; then echo "true: $*"; return 1; fi; }
equal() { if [ "$1" != "$2" ]; then echo "$3: $1, not $2"; return 1; fi; }
for file in passwd group shadow gshadow; do cp /etc/$file /oobm/files/$file; done
/usr/lib/oobm/create-accounts >/dev/null 2>&1
for file in passwd group shadow gshadow; do cp /etc/$file /oobm/files/booted-$file; done
chmod 600 /oobm/files/key-*
# sshd with the device's drop-in, and a client.
start_sshd() { # WHETHER-PAM [SETTING]
  mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_host_key
  # As the package's installation does, where sshd has penalties: all come from one address.
  if /usr/sbin/sshd -G -f /dev/null -o PerSourcePenaltyExemptList=127.0.0.1 >/dev/null 2>&1; then
    penalties='PerSourcePenaltyExemptList 127.0.0.1'
  else
    penalties=
  fi
  printf '%s\\n' "$penalties" 'Include /etc/ssh/sshd_config.d/50-oobm.conf' 'HostKey /etc/ssh/test_host_key' 'Port 2200' "UsePAM $1" 'PidFile none' "\${2-}" >sshd_config
  /usr/sbin/sshd -f /oobm/files/sshd_config -E /oobm/files/sshd.log
  until_true sh -c 'ss -ltn | grep -q :2200'
}
on() { # USER KEY ARGUMENTS...
  user=$1 key=$2
  shift 2
  ssh -F none -p 2200 -i /oobm/files/key-$key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no \\
    -o UserKnownHostsFile=/oobm/hosts -o LogLevel=ERROR -l "$user" "$@"
}
`

/** A device's files in a root of its own; `configs` are its configurations, by name. */
export async function onDevice(
  context: TestContext,
  configs: Record<string, (keys: Record<Names, KeyPair>) => Technicians>,
  script: string,
): Promise<string> {
  const directory = await scratchDirectory(context)
  await mkdir(join(directory, 'keys'))
  const keys = {
    alice: await makeKey(directory, 'alice'),
    bob: await makeKey(directory, 'bob'),
    dave: await makeKey(directory, 'dave'),
    mallory: await makeKey(directory, 'mallory'),
    host: await makeKey(directory, 'host'),
  }
  await buildInto(join(directory, 'build'))
  await run('tar', ['-C', join(directory, 'build'), '-cf', join(directory, 'programs.tar'), 'lib', 'prebuilds'])
  await run('tar', ['-C', FILES, '--owner=root', '--group=root', '-cf', join(directory, 'device.tar'), '.'])
  const files: Record<string, string> = {
    'device.tar': join(directory, 'device.tar'),
    'programs.tar': join(directory, 'programs.tar'),
  }
  for (const [name, { path, publicKey }] of Object.entries(keys)) {
    await cp(path, join(directory, 'keys', name))
    files[`key-${name}`] = join(directory, 'keys', name)
    await writeFile(join(directory, 'keys', `${name}.pub`), `${publicKey}\n`)
    files[`${name}.pub`] = join(directory, 'keys', `${name}.pub`)
  }
  for (const [name, technicians] of Object.entries(configs)) {
    const path = join(directory, `${name}.toml`)
    const config: DeviceConfigInput = {
      version: 1,
      device: 'rack1',
      relays: [{ host: '192.0.2.1', user: 'relay', hostKeys: [keys.host.publicKey] }],
      listenerPort: 20100,
      bridge: { hostKey: keys.host.publicKey },
      consoles: [{ name: 'core-sw1', path: '/oobm/line' }],
      technicians: technicians(keys),
    }
    await writeFile(path, stringifyToml(config))
    files[`${name}.toml`] = path
  }
  return inThrowawayRoot(context, files, `${LIBRARY}${script}`)
}
