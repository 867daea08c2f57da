/** Characters that join the one before them, and how many of them one may have; pure. */

/** Marks of one character that are shown: no script stacks as many. */
const JOINED_MAX = 8
/** What xterm.js puts into the cell before: marks, invisible characters, and the later parts of old Hangul. */
const JOINED = String.raw`[\p{M}\p{Cf}\u1160-\u11ff]`
const RUN = new RegExp(`${JOINED}+`, 'gu')
const ASCII = /^[\0-\x7f]*$/
const ONE = new RegExp(JOINED, 'u')

/**
 * xterm.js keeps all marks of a character in its cell and draws them with each frame: a target that sends them without end
 * stops the page, with all terminals in it.
 * @returns what takes the output in any pieces, and gives it back with the rest of each long run left out
 */
export function createJoinBound(): (text: string) => string {
  /** Joined characters at the end of the last piece. */
  let open = 0
  return text => {
    if (ASCII.test(text)) {
      if (text !== '') open = 0
      return text
    }
    const before = open
    // The last ones alone: a pattern with an end would be tried at each character of a run.
    const last = [...text.slice(-2 * (JOINED_MAX + 1))].reverse()
    const others = last.findIndex(character => !ONE.test(character))
    open = Math.min(JOINED_MAX, others < 0 ? before + last.length : others)
    return text.replace(RUN, (run, at: number) => {
      const room = JOINED_MAX - (at === 0 ? before : 0)
      return run.length <= room ? run : [...run].slice(0, room).join('')
    })
  }
}
