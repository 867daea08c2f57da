/** Changes as little as possible of a fleet file's text, and verifies that the new text has exactly the intended value. */
import { isDeepStrictEqual } from 'node:util'
import { ParseError } from 'toml-eslint-parser'
import { tomlValue } from '../../../formats/toml-file.ts'
import { ConfigurationError } from '../../../runtime/errors.ts'
import { type Layout, layoutOf } from './layout.ts'
import { applyOperations, type Operation } from './operations.ts'
import { OddLayout, planSplices } from './plan-splices.ts'
import { splice } from './splices.ts'

export interface Edited {
  text: string
  /** Comments that were removed with the lines that they ended; all others are in the text, in their order. */
  lostComments: string[]
}

/** The value of a fleet file as written: keys in camelCase, nothing checked, no defaults. */
export function readValue(text: string): unknown {
  return tomlValue('fleet.toml', text)
}

/**
 * @param text valid TOML
 * @returns undefined when the text cannot be changed so that it has exactly the intended value
 */
export function editText(text: string, operations: readonly Operation[]): Edited | undefined {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const body = text.slice(mark.length)
  try {
    const before = layoutOf(body)
    const comments = before.comments.map(({ range }) => range)
    const result = splice(body, planSplices(before, operations), comments)
    const isMeant = sameMeaning(readValue(result.text), applyOperations(readValue(body), operations))
    const kept = commentTexts(layoutOf(result.text)).concat(result.lostComments)
    const isWhole = isDeepStrictEqual(kept.toSorted(), commentTexts(before).toSorted())
    return isMeant && isWhole ? { ...result, text: mark + result.text } : undefined
  } catch (err) {
    if (err instanceof OddLayout || err instanceof ParseError || err instanceof ConfigurationError) return undefined
    throw err
  }
}

function commentTexts({ text, comments }: Layout): string[] {
  return comments.map(({ range }) => text.slice(...range))
}

/** TOML has no form for a list of tables without any: a missing one means the same as an empty one. */
function sameMeaning(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutEmptyLists(a), withoutEmptyLists(b))
}

function withoutEmptyLists(fleet: unknown): unknown {
  const copy = structuredClone(fleet) as Record<string, unknown>
  for (const device of (copy.devices as Record<string, unknown>[] | undefined) ?? []) drop(device, 'consoles')
  for (const list of ['devices', 'technicians', 'enrolments']) drop(copy, list)
  return copy
}

function drop(table: Record<string, unknown>, key: string): void {
  if (Array.isArray(table[key]) && table[key].length === 0) delete table[key]
}
