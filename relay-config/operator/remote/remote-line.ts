/** The line that ssh hands to the login shell of a relay, whichever shell that is: what it runs gets its arguments as they are. */

export interface RemoteCall {
  /** The words of `oobm-relay`, the first one its word. */
  args: readonly string[]
  /** Whether it needs root there; without it, it runs as the login. */
  asRoot: boolean
  /** Whether somebody can type a password for sudo. */
  maySudoAsk: boolean
}

/** What the line exits with where the program is not installed; `oobm-relay` itself has no such code. */
export const NOT_INSTALLED = 127

/**
 * All of it stands between single quotes, which mean the same to sh, bash, zsh, csh and fish as long as no quote, no
 * backslash pair and no newline is between them: there is none.
 */
export function remoteLine({ args, asRoot, maySudoAsk }: RemoteCall): string {
  const run = `oobm-relay ${args.map(quoted).join(' ')}`
  const sudo = maySudoAsk ? 'sudo' : 'sudo -n'
  const installed = `command -v oobm-relay >/dev/null 2>&1 || exit ${NOT_INSTALLED}`
  const start = asRoot ? `if [ "$(id -u)" = 0 ]; then exec ${run}; else exec ${sudo} ${run}; fi` : `exec ${run}`
  return `sh -c '${installed}; ${start}'`
}

/** Plain words as they are, for whoever reads sudo's log; of anything else, each byte as an octal escape of printf's `%b`. */
function quoted(arg: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(arg)) return arg
  const octal = [...Buffer.from(arg)].map(byte => `\\0${byte.toString(8).padStart(3, '0')}`)
  return `"$(printf %b "${octal.join('')}")"`
}
