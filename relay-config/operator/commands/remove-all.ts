/** `oobm-relay remove --all`: on a dedicated relay, removes all that `apply` made there. */
import * as z from 'zod'
import { openQuestions } from '../../../cli/questions.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { readState, takeLock } from '../../relay/apply/relay-state.ts'
import { removeRelay } from '../../relay/apply/remove-relay.ts'
import { askSshd, sshdService } from '../../relay/apply/sshd-service.ts'
import type { RelayPaths } from '../../relay/relay-paths.ts'
import type { BareInput } from '../command.ts'
import { pathsOf, requireRoot } from '../prepare.ts'

export async function removeAll(input: BareInput): Promise<number> {
  const { values, print } = input
  requireRoot()
  const paths = pathsOf(values)
  await confirm(paths, input)
  const unlock = await takeLock(`${paths.pidFile}.lock`)
  try {
    const withoutSystemd = values['no-systemd'] === true
    const { path } = await askSshd()
    const done = await removeRelay(paths, sshdService(paths, path, withoutSystemd), !withoutSystemd)
    for (const line of done) print(line)
    return EXIT.ok
  } finally {
    await unlock()
  }
}

/** @throws UserError unless the name of the relay is given */
async function confirm(paths: RelayPaths, { values, signal, print }: BareInput): Promise<void> {
  const state = await readState(paths)
  if (state === undefined) throw new UserError(`this host is not a relay: ${paths.state} is missing`)
  const { relay } = state
  if (values.name === undefined) {
    print(
      `This removes the relay "${relay}" from this host: its accounts, keys and history. Its host key is destroyed:`,
    )
    print(
      'devices and technicians that pin it refuse any other. "oobm-relay push" keeps a copy where the operator works.',
    )
  }
  const questions = openQuestions({ values, signal })
  try {
    await questions.ask(
      'name',
      'To remove it, type its name',
      z.literal(relay, `is not the relay here, which is "${relay}"`),
    )
  } finally {
    questions.close()
  }
}
