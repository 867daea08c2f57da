/** A rule of a ready-made set of alerts. */
export interface SetRule {
  name: string
  /** A phrase that says what is the matter. */
  about: string
  /** In RE2 syntax. */
  pattern: string
  /** Lines that it matches, as they look on a console: from the vendor's reference or the program's source. */
  examples: readonly string[]
}
