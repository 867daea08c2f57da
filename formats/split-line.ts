/** Splits a command line into words as sh does, up to `--`; pure. */

export interface SplitLine {
  words: string[]
  /** What follows `--` and one space, as it is. */
  rest: string | undefined
}

/**
 * ssh joins its arguments with spaces, and the quotes that the technician's own shell has read are gone: what is still
 * quoted here was quoted twice. Single quotes, double quotes and the backslash are those of POSIX, Shell Command Language
 * 2.2; nothing is expanded.
 * @returns a phrase that says what is wrong, for a quote that is not closed
 */
export function splitLine(line: string): SplitLine | string {
  const words: string[] = []
  let word: string | undefined
  let isPlain = true
  let quote = ''
  const end = () => {
    if (word !== undefined) words.push(word)
    word = undefined
    isPlain = true
  }
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index)
    const next = line.charAt(index + 1)
    if (quote === '' && /\s/.test(char)) {
      end()
    } else if (char === quote) {
      quote = ''
    } else if (quote === '' && (char === "'" || char === '"')) {
      quote = char
      word ??= ''
      isPlain = false
    } else if (char === '\\' && quote !== "'" && next !== '' && (quote === '' || '"\\$`'.includes(next))) {
      word = (word ?? '') + next
      isPlain = false
      index++
    } else {
      word = (word ?? '') + char
      const isWhole = next === '' || /\s/.test(next)
      if (quote === '' && isPlain && word === '--' && isWhole) return { words, rest: line.slice(index + 2) }
    }
  }
  if (quote !== '') return `the quote ${quote} is not closed`
  end()
  return { words, rest: undefined }
}

/** The word as {@link splitLine} reads it. */
export function quoteWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) && word !== '--' ? word : `'${word.replaceAll("'", "'\\''")}'`
}
