/** What `check` found out about one thing. */

export interface Finding {
  /** `advice` is what could be better, and is not ours to set. */
  result: 'ok' | 'WRONG' | 'untried' | 'advice'
  what: string
  /** What to do, or why it was not tried. */
  advice?: string
}
