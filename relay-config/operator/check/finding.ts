/** One result of `check`. */

export interface Finding {
  /** `advice`: could be better, but is not for this program to set. */
  result: 'ok' | 'WRONG' | 'untried' | 'advice'
  what: string
  /** What to do, or why it was not tried. */
  advice?: string
}
