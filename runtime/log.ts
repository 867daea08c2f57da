/** The log of a daemon: pino's JSON lines on standard output, which systemd puts into the journal. */
import { type Logger, pino } from 'pino'

export type { Logger }

/** Fields that never reach a log, wherever they stand. */
const SECRET_FIELDS = ['privateKey', 'passphrase', 'password', 'pin']

/** @param part the program's name, on every line */
export function createLog(part: string, level = process.env.OOBM_LOG_LEVEL ?? 'info'): Logger {
  return pino({
    name: part,
    level,
    base: null,
    redact: SECRET_FIELDS.flatMap(field => [field, `*.${field}`]),
    formatters: { level: label => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  })
}

/** A log that hands each line of level error to `report`, and keeps nothing: for tests in which none may come. */
export function errorLog(report: (line: string) => void): Logger {
  return pino({ level: 'error', base: null, timestamp: false }, { write: line => report(line.trim()) })
}

/** A log that keeps nothing, for tests and commands. */
export const silentLog: Logger = pino({ level: 'silent' })
