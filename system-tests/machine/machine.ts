/** What a test does with a machine, whatever it is made of. */
export interface Machine {
  /** What it printed on its console so far. */
  printed(): string
  untilPrints(pattern: RegExp): Promise<RegExpMatchArray>
  /** Waits until it runs commands. */
  untilUp(): Promise<void>
  /**
   * Runs a script of shell in it, as root.
   * @returns what it printed, without the last newline
   * @throws Error with what it printed, when it fails
   */
  sh(script: string): Promise<string>
  /** Waits until it has switched itself off, or restarted, which here is the same. */
  untilOff(): Promise<void>
  /** As when somebody pulls the plug: nothing is flushed but what the host has been given. */
  cutPower(): Promise<void>
}
