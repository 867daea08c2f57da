/** What is known about this device itself (its sshd, its console bridge, and the bridge's lines), as facts. */
import type { BridgeLook } from '../bridge/watch-bridge.ts'
import type { Facts } from './facts.ts'

type Local = Pick<Facts, 'local' | 'closedConsoles' | 'consolesInUse'>

export class LocalFacts {
  readonly #configured: readonly string[]
  readonly #report: (facts: Local) => void
  readonly #onRecovery: () => void
  #shell: string | undefined
  #console: string | undefined
  #look: BridgeLook | undefined
  #known: Local | undefined

  /**
   * @param configured names of the consoles of the configuration
   * @param onRecovery called when a fault on this device has ended: what failed because of it can be proved again
   */
  constructor(configured: readonly string[], report: (facts: Local) => void, onRecovery: () => void) {
    this.#configured = configured
    this.#report = report
    this.#onRecovery = onRecovery
  }

  /** Takes in the result of a check of one end. */
  looked(end: 'shell' | 'console', fault: string | undefined): void {
    if (end === 'shell') this.#shell = fault
    else this.#console = fault
    this.#tell()
  }

  /** What is wrong with one end or with both; undefined if nothing is known. */
  get fault(): string | undefined {
    return this.#known?.local.shell ?? this.#known?.local.console
  }

  bridge(look: BridgeLook): void {
    this.#look = look
    this.#tell()
  }

  #tell(): void {
    const before = this.#known
    const now = localFacts(this.#configured, { shell: this.#shell, console: this.#console, look: this.#look })
    this.#known = now
    if (JSON.stringify(before) === JSON.stringify(now)) return
    this.#report(now)
    const isOver = (end: 'shell' | 'console') => before?.local[end] !== undefined && now.local[end] === undefined
    if (isOver('shell') || isOver('console')) this.#onRecovery()
  }
}

interface Known {
  shell: string | undefined
  console: string | undefined
  look: BridgeLook | undefined
}

/** Pure. A bridge with an old heartbeat is at fault, whether or not its port still accepts connections. */
export function localFacts(configured: readonly string[], { shell, console, look }: Known): Local {
  const status = look?.state === 'running' ? look.status : undefined
  const silent =
    look?.state === 'silent'
      ? `this device's console bridge no longer answers: systemctl status oobm-console`
      : undefined
  const lines = new Map(status?.consoles.map(line => [line.name, line]))
  const closed = configured.flatMap(name => {
    const line = lines.get(name)
    if (line?.state === 'open') return []
    return [
      {
        name,
        cause:
          line === undefined
            ? 'the console bridge does not know this console: sudo systemctl restart oobm-console'
            : line.cause,
      },
    ]
  })
  return {
    local: { shell, console: console ?? silent },
    closedConsoles: status && closed,
    consolesInUse: (status?.consoles ?? []).filter(({ sessions }) => sessions.length > 0).map(({ name }) => name),
  }
}
