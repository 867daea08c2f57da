/** What the page and the desk say to each other about a command that takes its time; pure. Its standard input is binary messages, these are text. */

/** From the desk. The page's one text is the question. */
export type RunTell =
  /** A line that the command printed; `isProblem` for standard error. */
  | { type: 'said'; text: string; isProblem: boolean }
  /** So many bytes went on to ssh. */
  | { type: 'taken'; bytes: number }
  /** 255 is ssh's own failure, null a signal. */
  | { type: 'exit'; code: number | null }
  /** It was not begun, or it was given up. */
  | { type: 'problem'; text: string }

/** Bytes that may be on the way to ssh. */
export const INPUT_WINDOW_BYTES = 1_048_576
