/** One small change of a program's text, which some test should notice. */
export interface Mutant {
  file: string
  /** 1-based. */
  line: number
  /** Offsets in the text, the end not included. */
  start: number
  end: number
  replacement: string
}

/** What stands in the place of a part of `text`. */
export function apply(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** How a mutant is named in lists: by its file, the line's text and the change, so that it is known again when lines move. */
export function describe(text: string, { file, start, end, replacement }: Mutant): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const line = text.slice(lineStart, text.indexOf('\n', start))
  return `${file}: ${short(line)} | ${short(text.slice(start, end))} → ${short(replacement) || '(nothing)'}`
}

function short(part: string): string {
  const line = part.replaceAll(/\s+/g, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 60)}…${line.slice(-19)}` : line
}

/** The same `count` of them for the same seed. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  const pool = [...all]
  let state = seed
  // mulberry32: https://github.com/cprosche/mulberry32
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const taken: T[] = []
  while (taken.length < count && pool.length > 0) taken.push(...pool.splice(Math.floor(random() * pool.length), 1))
  return taken
}
