/** `oobm led`: what the flashes mean, which state shows now, and a lamp test. */
import { readFile } from 'node:fs/promises'
import { deviceConfigSchema, type LedConfig } from '../../formats/device-config.ts'
import { ledSchema } from '../../formats/device-settings.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { STATE_NAMES, STATES, type State } from '../../formats/states.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT } from '../../runtime/errors.ts'
import { darkenLed } from '../../supervisor/led/led.ts'
import { LAMP_TEST_S } from '../../supervisor/led/pattern.ts'
import { type Command, type Paint, readArguments, usageError } from '../command.ts'
import { ask, runningSupervisor } from '../daemons/ask-supervisor.ts'
import { type Reading, readSupervisor } from '../daemons/read-daemon.ts'

export const ledCommand: Command = {
  usage: 'led [STATE | --off]',
  summary: 'what the LED says; with STATE, show that state for 10 s; --off darkens it without the supervisor',
  run: async (args, { env, print, paint }) => {
    const { values, positionals } = readArguments(ledCommand, args, { off: { type: 'boolean' } }, { min: 0, max: 1 })
    const [state] = positionals
    if (values.off) {
      if (state !== undefined) throw usageError(ledCommand, 'a state and --off do not go together')
      print(`dark: ${await darkenLed(await ledConfig(env))}`)
      return EXIT.ok
    }
    if (state === undefined) {
      const reading = await readSupervisor(env)
      for (const line of describeLed(reading, paint)) print(line)
      return reading.running ? EXIT.ok : EXIT.unavailable
    }
    if (!isState(state)) throw usageError(ledCommand, `"${state}" is no state of the LED: ${STATE_NAMES.join(' ')}`)
    await runningSupervisor(env)
    await ask(env, 'led', state)
    print(`${state} for ${LAMP_TEST_S} s: ${STATES[state].looks}`)
    return EXIT.ok
  },
}

function isState(text: string): text is State {
  return Object.hasOwn(STATES, text)
}

export function describeLed(reading: Reading<SupervisorStatus>, paint: Paint): string[] {
  const now = reading.running ? reading.status.state : undefined
  const width = Math.max(...STATE_NAMES.map(state => state.length))
  const rows = STATE_NAMES.flatMap(state => {
    const { looks, meaning, remedy } = STATES[state]
    const mark = state === now ? '>' : ' '
    const first = `${mark} ${state.padEnd(width)}  ${looks}`
    return [
      state === now ? paint.strong(first) : first,
      `  ${' '.repeat(width)}  ${meaning}`,
      paint.faint(`  ${' '.repeat(width)}  → ${remedy}`),
    ]
  })
  const still = 'A light or a dark that stands still: the supervisor is not running.'
  return [...rows, '', now === undefined ? paint.bad(describeUnknown(reading)) : `Now: ${now}`, still]
}

/** Nobody knows what it shows; where the supervisor hangs, the last light or dark stays until the watchdog ends it. */
function describeUnknown(reading: Reading<SupervisorStatus>): string {
  if (reading.running) return ''
  const looks = { gone: 'the LED is dark', silent: 'the LED stands still', unknown: 'what it shows is not known' }
  return `Now: ${looks[reading.state]}. ${reading.problem}`
}

/** A broken configuration is a reason to darken what the defaults name, not to leave it lit. */
async function ledConfig(env: NodeJS.ProcessEnv): Promise<LedConfig> {
  const path = deviceConfigPath(env)
  try {
    return parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema).led
  } catch {
    return ledSchema.parse({})
  }
}
