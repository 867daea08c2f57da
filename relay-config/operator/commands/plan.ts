/** `oobm-relay plan`: what `apply` would change on this relay, in sentences and as a diff; changes nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT } from '../../../runtime/errors.ts'
import { describeChanges, type FileChange, isNothing } from '../../relay/apply/inspect-relay.ts'
import { askTool } from '../../relay/apply/run-tool.ts'
import { lookingOnly } from '../../relay/apply/sshd-service.ts'
import { type BareInput, defineCommand } from '../command.ts'
import { prepare, RELAY_ARGUMENT, RELAY_OPTIONS, refuseConflicts, STDIN_OPTION } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const plan = defineCommand({
  summary: 'show what "apply" would change on a dedicated relay; change nothing',
  arguments: [RELAY_ARGUMENT],
  options: { ...AT_RELAY_OPTIONS, ...RELAY_OPTIONS, stdin: STDIN_OPTION },
  atRelay: { isDedicated: true, makesRelay: true, stdin: 'public part' },
  run: input => lookingOnly(() => sayPlan(input)),
})

async function sayPlan(input: BareInput): Promise<number> {
  const prepared = await prepare(input, input.values.stdin === true)
  refuseConflicts(prepared)
  const { changes } = prepared
  if (isNothing(changes)) input.print('nothing to change')
  for (const line of describeChanges(changes)) input.print(`would ${line}`)
  for (const change of [...changes.files, ...changes.units]) {
    const diff = await diffOf(change)
    if (diff !== '') input.print(`\n${diff}`)
  }
  return EXIT.ok
}

async function diffOf({ path, before = '', after = '' }: FileChange): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'oobm-plan-'))
  try {
    await writeFile(join(scratch, 'before'), before, { mode: 0o600 })
    const labels = ['--label', `${path} (now)`, '--label', `${path} (wanted)`]
    return (await askTool('diff', ['-u', ...labels, join(scratch, 'before'), '-'], after)).stdout.trimEnd()
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
