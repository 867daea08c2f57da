/** The few kinds of error that reach a user, and the exit code of each. */

/** Exit codes of every program here (sysexits.h where it has one). */
export const EXIT = {
  ok: 0,
  /** The thing asked for was done and did not succeed (`oobm test`: not proved). */
  failed: 1,
  /** EX_USAGE: the command line is wrong. */
  usage: 64,
  /** EX_UNAVAILABLE: a program or host that is needed does not answer. */
  unavailable: 69,
  /** EX_SOFTWARE: a defect of the program, or its own end because it could not go on. */
  software: 70,
  /** EX_CONFIG: a configuration file is wrong; systemd does not restart on it. */
  configuration: 78,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** An error whose message is meant for the user as it stands: what was wrong, where, and what to do. */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT.failed, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** One thing wrong in a configuration file. */
export interface ConfigurationIssue {
  /** 1-based; undefined where the file has no such line (it could not be read, or a key is missing at the top). */
  line: number | undefined
  /** The key as the file spells it, `consoles[1].baud_rate`; empty for the file as a whole. */
  key: string
  message: string
}

/** A configuration file that cannot be used, with everything wrong in it at once. */
export class ConfigurationError extends UserError {
  override readonly name = 'ConfigurationError'
  readonly file: string
  readonly issues: ConfigurationIssue[]

  constructor(file: string, issues: ConfigurationIssue[], options?: ErrorOptions) {
    super(issues.map(issue => describeIssue(file, issue)).join('\n'), EXIT.configuration, options)
    this.file = file
    this.issues = issues
  }
}

/** `file:line: key: message`, the form that editors and people know from compilers. */
function describeIssue(file: string, { line, key, message }: ConfigurationIssue): string {
  return [line === undefined ? file : `${file}:${line}`, key, message].filter(part => part !== '').join(': ')
}

/** The `code` of a Node.js system error (`ECONNREFUSED`), or undefined. */
export function errorCode(err: unknown): string | undefined {
  const code = (err as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** The text of whatever was thrown. */
export function errorMessage(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
