/** Finds the command that a typed line means: words may be shortened as long as they stay unmistakable. */

export interface Command<Action> {
  /** Its words in full: `show version`. */
  readonly words: string
  /** What stands for the rest of the line in the help (`NAME`); without it the command takes none. */
  readonly argument?: string
  readonly does: string
  readonly action: Action
}

export type Resolution<Action> =
  | { kind: 'found'; action: Action; argument: string }
  | { kind: 'empty' }
  | { kind: 'ambiguous' }
  | { kind: 'incomplete' }
  /** @property at the column of the first character that fits nothing */
  | { kind: 'invalid'; at: number }

export function resolve<Action>(commands: readonly Command<Action>[], line: string): Resolution<Action> {
  const tokens = tokensOf(line)
  if (tokens.length === 0) return { kind: 'empty' }
  let candidates = commands
  for (const [index, token] of tokens.entries()) {
    const words = wordsAt(candidates, index)
    if (words.length === 0) {
      const [taker] = candidates.filter(command => command.argument && command.words.split(' ').length === index)
      if (taker) return { kind: 'found', action: taker.action, argument: line.slice(token.at).trimEnd() }
      return { kind: 'invalid', at: token.at }
    }
    const meant = meantBy(words, token.text)
    if (meant.length === 0) return { kind: 'invalid', at: token.at + knownLength(words, token.text) }
    if (meant.length > 1) return { kind: 'ambiguous' }
    candidates = candidates.filter(command => command.words.split(' ')[index] === meant[0])
  }
  const whole = candidates.find(({ words, argument }) => words.split(' ').length === tokens.length && !argument)
  return whole ? { kind: 'found', action: whole.action, argument: '' } : { kind: 'incomplete' }
}

/** What may stand where the line ends: `[word, help]`, for `?` and the Tab key. */
export function completions<Action>(
  commands: readonly Command<Action>[],
  line: string,
): [word: string, does: string][] {
  const tokens = tokensOf(line)
  const partial = /\S$/.test(line) ? (tokens.pop()?.text ?? '') : ''
  let candidates = commands
  for (const [index, { text }] of tokens.entries()) {
    const meant = meantBy(wordsAt(candidates, index), text)
    candidates = candidates.filter(command => meant.length === 1 && command.words.split(' ')[index] === meant[0])
  }
  const found = new Map<string, string>()
  for (const { words, argument, does } of candidates) {
    const all = words.split(' ')
    const word = all[tokens.length]
    if (word?.startsWith(partial.toLowerCase()))
      found.set(word, found.has(word) || all.length > tokens.length + 1 ? '' : does)
    else if (word === undefined && partial === '') found.set(argument ?? '<cr>', does)
  }
  return [...found].map(([word, does]) => [word, does || `${word} ? shows more`])
}

/** A word in full wins over the longer ones that begin with it. */
function meantBy(words: string[], typed: string): string[] {
  const lower = typed.toLowerCase()
  return words.includes(lower) ? [lower] : words.filter(word => word.startsWith(lower))
}

function wordsAt(commands: readonly Command<unknown>[], index: number): string[] {
  return [...new Set(commands.flatMap(({ words }) => words.split(' ')[index] ?? []))]
}

function knownLength(words: string[], typed: string): number {
  const lower = typed.toLowerCase()
  for (let length = lower.length; length > 0; length--) {
    if (words.some(word => word.startsWith(lower.slice(0, length)))) return length
  }
  return 0
}

function tokensOf(line: string): { text: string; at: number }[] {
  return [...line.matchAll(/\S+/g)].map(match => ({ text: match[0], at: match.index }))
}
