/** `oobm-relay apply`: makes this host the relay that the fleet file describes; all of it, or nothing. */
import { readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../../formats/names.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { applyRelay } from '../../relay/apply/apply-relay.ts'
import { describeChanges, isNothing } from '../../relay/apply/inspect-relay.ts'
import { takeLock } from '../../relay/apply/relay-state.ts'
import { appendHistory } from '../../relay/history.ts'
import { type BareInput, defineCommand } from '../command.ts'
import {
  type Prepared,
  pathsOf,
  prepare,
  RELAY_ARGUMENT,
  RELAY_OPTIONS,
  refuseConflicts,
  STDIN_OPTION,
} from '../prepare.ts'
import { refusers } from '../relay-keys.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const apply = defineCommand({
  summary: 'set up a dedicated relay as the fleet file says: accounts, keys, sshd and firewall',
  arguments: [RELAY_ARGUMENT],
  options: {
    verbose: { help: 'print each step' },
    ...AT_RELAY_OPTIONS,
    ...RELAY_OPTIONS,
    stdin: STDIN_OPTION,
  },
  atRelay: { isDedicated: true, makesRelay: true, stdin: 'public part' },
  run: async input => {
    const unlock = await takeLock(`${pathsOf(input.values).pidFile}.lock`)
    try {
      return await applyLocked(input)
    } finally {
      await unlock()
    }
  },
})

async function applyLocked(input: BareInput): Promise<number> {
  const { print, values } = input
  const prepared = await prepare(input, values.stdin === true)
  refuseConflicts(prepared)
  const { changes, desired, paths, sshd, haproxy, service } = prepared
  if (isNothing(changes)) {
    print('nothing to change')
  } else {
    const onStep = (what: string) => {
      if (values.verbose) print(`- ${what}`)
    }
    await applyRelay({ desired, changes, paths, sshd, haproxy, service, onStep })
    await appendHistory(paths, { event: 'apply' })
    for (const line of describeChanges(changes)) print(`done: ${line}`)
  }
  return sayHostKey(prepared, print)
}

/** Devices and technicians that pin another key refuse this relay. @returns the exit code: then it is not a success */
async function sayHostKey({ part, paths }: Prepared, print: (line: string) => void): Promise<number> {
  const key = publicKeySchema.parse(await readFile(`${paths.hostKey}.pub`, 'utf8'))
  if (part.relay.hostKeys.includes(key)) return EXIT.ok
  if (part.relay.hostKeys.length > 0) {
    print(
      `${refusers(part.fleet, part.relay)}: its host key is not among host_keys of "${part.relay.name}" in the fleet file.`,
    )
    print(
      `"oobm-relay push ${part.relay.name} --restore" restores the pinned key from your copy. To use the present key`,
    )
    print(`instead: set host_keys = ["${key}"], run "render", and "issue" each device again.`)
    return EXIT.failed
  }
  print(`add the host key to relay "${part.relay.name}" in the fleet file; without it, devices cannot trust the relay:`)
  print(`host_keys = ["${key}"]`)
  return EXIT.ok
}
