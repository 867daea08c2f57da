/** How a program of ours is started: with which flags of V8, and with its code cache. */
import { join } from 'node:path'

/**
 * What makes V8 spend less memory in a program that runs for months and mostly waits (node --v8-options); decision 46 has
 * the figures. Some of them may not stand in NODE_OPTIONS.
 */
export const DAEMON_FLAGS: readonly string[] = [
  // MB for what was just allocated: by default up to 16, and a daemon with little to do grows into them.
  '--max-semi-space-size=1',
  '--optimize-for-size',
  // No threads of V8's own.
  '--single-threaded-gc',
  '--v8-pool-size=0',
  // Ciphers are OpenSSL's, and what is left to JavaScript is short: the optimizing compiler costs more than it saves.
  '--no-opt',
  '--max-lazy',
]

const DAEMONS = [
  'oobm-supervisor',
  'oobm-console',
  'oobm-line',
  'oobm-drop',
  'oobm-power',
  'oobm-router',
  'oobm-page',
  'oobm-say',
  'oobm-modem',
  'lab-console',
  'lab-supervisor',
]

/** Those that have a code cache on a device. */
export const PROGRAMS: readonly string[] = [
  'oobm',
  'oobm-supervisor',
  'oobm-console',
  'oobm-line',
  'oobm-drop',
  'oobm-power',
  'oobm-router',
  'oobm-page',
  'oobm-say',
  'oobm-modem',
]

/**
 * @param folder where the bundled programs are
 * @param options of start.cjs
 */
export function programCommand(node: string, folder: string, program: string, ...options: string[]): string[] {
  const flags = DAEMONS.includes(program) ? DAEMON_FLAGS : []
  return [node, ...flags, join(folder, 'start.cjs'), ...options, program]
}
