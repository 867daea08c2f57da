/** Changes the fleet file on disk: checks the result first, then writes it as a whole, or does not touch it at all. */
import { realpath, stat } from 'node:fs/promises'
import { ConfigurationError, EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { describeByHand } from '../../fleet/edit/by-hand.ts'
import { editText, readValue } from '../../fleet/edit/edit-text.ts'
import { nextSteps } from '../../fleet/edit/next-steps.ts'
import type { Operation } from '../../fleet/edit/operations.ts'
import { type Fleet, parseFleet } from '../../fleet/fleet-config.ts'
import type { BareInput } from '../command.ts'
import { readFleetText } from '../fleet-file.ts'

/** A change, and the sentence that reports it. */
export interface Change {
  operations: readonly Operation[]
  done: string
}

/**
 * @param plan gets the fleet, and the value of the file as it is written there
 * @returns the next steps
 * @throws UserError when nothing was changed
 */
export async function changeFleet(
  { files, print }: Pick<BareInput, 'files' | 'print'>,
  plan: (fleet: Fleet, value: unknown) => Change | Promise<Change>,
): Promise<string[]> {
  const file = files.fleet
  const text = await readFleetText(file)
  const fleet = parseFleet(file, text)
  const value = readValue(text)
  const { operations, done } = await plan(fleet, value)
  const edited = editText(text, operations)
  if (!edited) {
    const lines = describeByHand(text, value, operations).map(line => `  ${line}`)
    throw new UserError(
      `${file} cannot be changed without losing how it is written; nothing was changed. Change it by hand:\n${lines.join('\n')}`,
    )
  }
  const after = refuseWrongFleet(file, edited.text)
  await replaceText(file, text, edited.text)
  print(`${file}: ${done}`)
  for (const comment of edited.lostComments) print(`  removed with its line: ${comment}`)
  return nextSteps(fleet, after)
}

function refuseWrongFleet(file: string, text: string): Fleet {
  try {
    return parseFleet(file, text)
  } catch (err) {
    if (!(err instanceof ConfigurationError)) throw err
    // Without their lines, which are those of a text that nobody sees.
    const problems = err.issues.map(({ key, message }) => `  ${key}: ${message}`)
    throw new UserError(`this would make ${file} wrong; nothing was changed:\n${problems.join('\n')}`, EXIT.usage)
  }
}

async function replaceText(file: string, before: string, after: string): Promise<void> {
  // A link stays a link, and the file keeps its owner.
  const path = await realpath(file)
  const { mode } = await stat(path)
  if ((await readFleetText(path)) !== before)
    throw new UserError(`${file} was changed in the meantime; nothing was written`)
  try {
    await writeAtomically(path, after, mode & 0o777)
  } catch (err) {
    throw new UserError(`cannot write ${file}: ${reasonOf(err)}`, EXIT.failed, { cause: err })
  }
}
