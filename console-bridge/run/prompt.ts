/** Which last line ends an answer, which one is a pager's, and after which silence; pure. */

export type Matches = (line: string) => boolean

/** Milliseconds of silence after which the last line counts. */
export const SILENCE_MS = {
  /** Nothing else says that it is only the beginning of a line. */
  sure: 200,
  /** The echo has not come: the target may not have read the command yet. */
  unechoed: 1_000,
  /** A line that ends like a prompt, and does not begin like the one before: `Downloading 45%`. */
  strange: 2_000,
}

/** Router> Router# alice@host:~$ host% */
export const DEFAULT_PROMPT: Matches = line => /[>#$%] ?$/.test(line)

const SPACE_PAGERS = [
  // IOS ` --More-- `, NX-OS and EOS `--More--`, more(1) `--More--(45%)`, Comware `---- More ----`, ASA `<--- More --->`
  /^[\s<]*-{2,4} ?more ?-{2,4}/i,
  // Junos
  /^-{3}\(more(?: \d{1,3}%)?\)-{3}/,
  // less(1), and with the prompt of systemd and git
  /^:$/,
  /^lines \d+-\d+(?:\/\d+(?: \d{1,3}%)?)?$/,
]
/** less(1) at the end waits for its own key. */
const QUIT_PAGER = /^(?:lines \d+-\d+(?:\/\d+)? )?\(END\)$/

/** @returns the key that the pager waits for; undefined where the line is no pager's */
export function pagerKey(line: string, isPager: Matches | undefined): string | undefined {
  if (isPager ? isPager(line) : SPACE_PAGERS.some(pager => pager.test(line))) return ' '
  return !isPager && QUIT_PAGER.test(line) ? 'q' : undefined
}

/** @param before the prompt before the command; empty if not known */
export function silenceFor(
  line: string,
  { before, isEchoed, isDefault }: { before: string; isEchoed: boolean; isDefault: boolean },
): number {
  const name = /^\W?[\w.-]+/.exec(before)?.[0] ?? ''
  if (isDefault && !line.startsWith(name)) return SILENCE_MS.strange
  return isEchoed ? SILENCE_MS.sure : SILENCE_MS.unechoed
}
