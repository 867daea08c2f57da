/** `.lab/alice`: a command that runs others as alice would at her own machine, from any folder; and so for each person. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programCommand } from '../runtime/program-command.ts'
import { runProgram } from '../testbed/run-program.ts'
import { PERSONS, type Person } from './lab-fleet.ts'
import { OPERATOR_KEY, PROGRAMS, seatOf } from './provision.ts'

/** The commands of `oobm-relay` that open consoles, or show them. */
const WITH_CONSOLES = 'top|desk|connect|watch'

/**
 * Writes them, and the operator's program for the relay's login.
 * @param relayPort of 127.0.0.1
 */
export async function prepareSeats(root: string, relayPort: number): Promise<void> {
  const ssh = (await runProgram('sh', ['-c', 'command -v ssh'])).stdout.trim()
  const oobmRelay = programCommand(process.execPath, PROGRAMS, 'oobm-relay').map(quoted).join(' ')
  await mkdir(join(root, 'relay/bin'))
  await writeScript(join(root, 'relay/bin/oobm-relay'), `exec ${oobmRelay} "$@"`)
  for (const person of PERSONS) {
    const seat = seatOf(root, person)
    const bin = join(seat.folder, 'bin')
    await mkdir(bin)
    // An operator's own ssh_config: how she logs in at the relay.
    const own = `Host 127.0.0.1\n  Port ${relayPort}\n  HostKeyAlias oobm-relay-lab\n  IdentityFile ${join(seat.folder, OPERATOR_KEY)}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${seat.knownHosts}\n  StrictHostKeyChecking yes\n`
    const included = `Include ${person === 'alice' ? join(root, 'ssh_config') : seat.config}\n`
    await writeFile(join(seat.folder, 'ssh_config'), `${included}Match all\n${person === 'alice' ? own : ''}`)
    // What is said of -F later wins.
    await writeScript(join(bin, 'ssh'), `exec ${ssh} -F ${join(seat.folder, 'ssh_config')} "$@"`)
    await writeScript(join(bin, 'oobm-relay'), ownProgram(person, seat, oobmRelay))
    await writeScript(join(root, person), enter(root, person, bin))
  }
}

/** The login of the lab is not called as the person is, and their key is not where ssh looks for it. */
function ownProgram(person: Person, { key, config }: ReturnType<typeof seatOf>, oobmRelay: string): string {
  const own = person === 'alice' ? `--as alice --identity ${key}` : `--ssh-config ${config}`
  return `case $1 in
${WITH_CONSOLES}) command=$1; shift; exec ${oobmRelay} "$command" ${own} "$@" ;;
*) exec ${oobmRelay} "$@" ;;
esac`
}

/** Without a command, a shell. */
function enter(root: string, person: Person, bin: string): string {
  const fleet = person === 'alice' ? `export OOBM_FLEET=${join(root, 'fleet.toml')}` : 'unset OOBM_FLEET'
  return `[ -s ${join(root, 'lab.pid')} ] || { echo "the lab does not run: make run" >&2; exit 69; }
export PATH=${bin}:"$PATH"
${fleet}
unset SSH_AUTH_SOCK
if [ $# = 0 ]; then
  echo "You are ${person} in this shell: ssh HOST, oobm-relay COMMAND. exit ends it." >&2
  set -- "\${SHELL:-/bin/sh}"
fi
exec "$@"`
}

async function writeScript(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
}

function quoted(word: string): string {
  return `'${word}'`
}
