/** `oobm-relay apply`: makes this host the relay that the fleet file describes, all at once or not at all. */
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
  const { changes, desired, paths, sshd, service } = prepared
  if (isNothing(changes)) {
    print('nothing to change')
  } else {
    const onStep = (what: string) => {
      if (values.verbose) print(`- ${what}`)
    }
    await applyRelay({ desired, changes, paths, sshd, service, onStep })
    await appendHistory(paths, { event: 'apply' })
    for (const line of describeChanges(changes)) print(`done: ${line}`)
  }
  return sayHostKey(prepared, print)
}

/** Whoever pins another key will not come in. @returns the exit code: a relay that nobody enters is no success */
async function sayHostKey({ part, paths }: Prepared, print: (line: string) => void): Promise<number> {
  const key = publicKeySchema.parse(await readFile(`${paths.hostKey}.pub`, 'utf8'))
  if (part.relay.hostKeys.includes(key)) return EXIT.ok
  if (part.relay.hostKeys.length > 0) {
    print(
      `${refusers(part.fleet, part.relay)}: its host key is another than host_keys of "${part.relay.name}" in the fleet file.`,
    )
    print(
      `"oobm-relay push ${part.relay.name} --restore" gives it the one that they know, from your copy. To go on with`,
    )
    print(`this one: host_keys = ["${key}"], then "render", and "issue" each of them anew.`)
    return EXIT.failed
  }
  print(`put this relay's host key into the fleet file, or nobody will trust it: relay "${part.relay.name}",`)
  print(`host_keys = ["${key}"]`)
  return EXIT.ok
}
