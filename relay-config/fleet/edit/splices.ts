/** Applies changes to a text, and leaves no empty lines where something was removed. */

export type Range = readonly [start: number, end: number]

/** Replaces `range` by `text`: an insertion if the range is empty, a removal if the text is. */
export interface Splice {
  range: Range
  text: string
}

export interface Spliced {
  text: string
  /** The comments at the end of lines that were removed as a whole. */
  lostComments: string[]
}

/**
 * A comment on a line of its own stays, also between removed lines. A comment at the end of a line is removed with the rest of
 * that line: above the next line it would be wrong.
 * @param splices only removals may overlap
 * @param comments the ranges of all comments, in the order of the text
 */
export function splice(text: string, splices: readonly Splice[], comments: readonly Range[]): Spliced {
  const gone = new Uint8Array(text.length)
  for (const { range } of splices) gone.fill(1, ...range)
  const lostComments: string[] = []
  // The last line that stays, if it is empty (as is what comes before the text), and whether lines were removed since.
  let afterBlank: Range | undefined = [0, 0]
  let afterGap = false
  let next = 0
  for (const [start, end] of lines(text)) {
    // No line has two.
    const comment = (comments[next]?.[0] ?? end) < end ? comments[next++] : undefined
    const codeEnd = comment?.[0] ?? end
    const isEmptied = text.slice(start, codeEnd).trim() !== '' && remaining(text, gone, start, codeEnd).trim() === ''
    if (isEmptied && !splices.some(({ range, text: added }) => added !== '' && liesIn(range, start, end))) {
      gone.fill(1, start, end)
      if (comment) lostComments.push(text.slice(...comment))
      afterGap = true
      continue
    }
    const isBlank = text.slice(start, end).trim() === ''
    if (isBlank && afterGap && afterBlank) {
      gone.fill(1, start, end)
      afterGap = false
      continue
    }
    // A comment that stays keeps its line end, or it would swallow what comes next; one on its own line keeps its indentation.
    if (comment) gone.fill(0, text.slice(start, comment[0]).trim() === '' ? start : comment[0], end)
    afterBlank = isBlank ? [start, end] : undefined
    afterGap = false
  }
  if (afterGap && afterBlank) gone.fill(1, ...afterBlank)
  return { text: compose(text, gone, splices), lostComments }
}

/** An insertion at the beginning of a line comes before the line, not into it. */
function liesIn([from, to]: Range, start: number, end: number): boolean {
  return from < end && (from === to ? from > start : to > start)
}

function compose(text: string, gone: Uint8Array, splices: readonly Splice[]): string {
  let result = ''
  let from = 0
  for (const { range, text: added } of splices.toSorted((a, b) => a.range[0] - b.range[0])) {
    result += remaining(text, gone, from, range[0]) + added
    from = range[0]
  }
  return result + remaining(text, gone, from, text.length)
}

function remaining(text: string, gone: Uint8Array, start: number, end: number): string {
  let result = ''
  for (let at = start; at < end; at++) if (gone[at] === 0) result += text.charAt(at)
  return result
}

/** Each with its line end. */
function* lines(text: string): Generator<Range> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline + 1
    yield [start, end]
    start = end
  }
}
