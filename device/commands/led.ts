/** `oobm led`: explains the patterns of the LED, says which state it shows, and runs a lamp test. */
import { readFile } from 'node:fs/promises'
import { usageError } from '../../cli/command.ts'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { deviceConfigSchema, type LedConfig } from '../../formats/device-config.ts'
import { ledSchema } from '../../formats/device-settings.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { STATE_NAMES, STATES } from '../../formats/states.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT } from '../../runtime/errors.ts'
import { darkenLed } from '../../supervisor/led/led.ts'
import { LAMP_TEST_S } from '../../supervisor/led/pattern.ts'
import { defineCommand } from '../command.ts'
import { ask, runningSupervisor } from '../daemons/ask-supervisor.ts'
import { type Reading, readSupervisor } from '../daemons/read-daemon.ts'

export const ledCommand = defineCommand({
  summary: 'explain what the LED shows, or show a state on it',
  arguments: [
    {
      value: 'STATE',
      choices: STATE_NAMES,
      isOptional: true,
      help: `show this state for ${LAMP_TEST_S} s: ${STATE_NAMES.join(', ')}`,
    },
  ],
  options: { off: { help: 'switch the LED off; works without the supervisor' } },
  run: async ({ values, positionals, env, print, paint }) => {
    const state = STATE_NAMES.find(name => name === positionals[0])
    if (values.off) {
      if (state !== undefined) usageError('STATE and --off cannot be combined')
      print(`off: ${await darkenLed(await ledConfig(env))}`)
      return EXIT.ok
    }
    if (state === undefined) {
      const reading = await readSupervisor(env)
      for (const line of describeLed(reading, paint)) print(line)
      return reading.running ? EXIT.ok : EXIT.unavailable
    }
    await runningSupervisor(env)
    await ask(env, 'led', state)
    print(`${state} for ${LAMP_TEST_S} s: ${STATES[state].looks}`)
    return EXIT.ok
  },
})

export function describeLed(reading: Reading<SupervisorStatus>, paint: Paint): string[] {
  const now = reading.running ? reading.status.state : undefined
  const rows = STATE_NAMES.flatMap(state => {
    const { looks, meaning, remedy } = STATES[state]
    const first = [state === now ? `> ${state}` : `  ${state}`, looks]
    return [state === now ? first.map(paint.strong) : first, ['', meaning], ['', paint.faint(`→ ${remedy}`)]]
  })
  const still = 'An LED that stays on or off: the supervisor is not running.'
  return [...alignColumns(rows), '', now === undefined ? paint.bad(describeUnknown(reading)) : `Now: ${now}`, still]
}

/** Where the supervisor hangs, the LED stays as it is until the watchdog ends the supervisor. */
function describeUnknown(reading: Reading<SupervisorStatus>): string {
  if (reading.running) return ''
  const looks = {
    gone: 'the LED is dark',
    silent: 'the LED stays on or off',
    unknown: 'what the LED shows is not known',
  }
  return `Now: ${looks[reading.state]}. ${reading.problem}`
}

/** With a broken configuration, the LED of the defaults is switched off. */
async function ledConfig(env: NodeJS.ProcessEnv): Promise<LedConfig> {
  const path = deviceConfigPath(env)
  try {
    return parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema).led
  } catch {
    return ledSchema.parse({})
  }
}
