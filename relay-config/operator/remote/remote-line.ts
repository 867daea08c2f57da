/** The command line for the login shell of a relay, which may be any shell: the program gets its arguments unchanged. */

export interface RemoteCall {
  /** The arguments of `oobm-relay`, the command first. */
  args: readonly string[]
  /** Whether it needs root there; without it, it runs as the login. */
  asRoot: boolean
  /** Whether a person can type a password for sudo. */
  maySudoAsk: boolean
}

/** The exit code if the program is not installed; `oobm-relay` itself never has it. */
export const NOT_INSTALLED = 127

/**
 * All of it is within single quotes, which mean the same to sh, bash, zsh, csh and fish as long as no quote, no double backslash
 * and no newline is between them. There is none.
 */
export function remoteLine({ args, asRoot, maySudoAsk }: RemoteCall): string {
  const run = `oobm-relay ${args.map(quoted).join(' ')}`
  const sudo = maySudoAsk ? 'sudo' : 'sudo -n'
  const installed = `command -v oobm-relay >/dev/null 2>&1 || exit ${NOT_INSTALLED}`
  const start = asRoot ? `if [ "$(id -u)" = 0 ]; then exec ${run}; else exec ${sudo} ${run}; fi` : `exec ${run}`
  return `sh -c '${installed}; ${start}'`
}

/** Leaves plain arguments as they are, readable in sudo's log; writes any other byte by byte as octal escapes of printf's `%b`. */
function quoted(arg: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(arg)) return arg
  const octal = [...Buffer.from(arg)].map(byte => `\\0${byte.toString(8).padStart(3, '0')}`)
  return `"$(printf %b "${octal.join('')}")"`
}
