/** `oobm power`: the outlets of this device, for its administrators. */
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { usageError } from '../../cli/command.ts'
import { alignColumns } from '../../cli/layout.ts'
import { openQuestions } from '../../cli/questions.ts'
import { askPower } from '../../formats/ask-power.ts'
import { type DeviceConfig, deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { type OutletState, POWER_ACTIONS, powerSocketPath } from '../../formats/power-protocol.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'

export const powerCommand = defineCommand({
  summary: 'show the switched outlets of this device and what they feed, or switch one',
  details: [
    'Technicians use "ssh CONSOLE power", which needs no root; what they do there is in the history.',
    'This command is for the outlet itself, whichever console it feeds.',
  ],
  arguments: [
    {
      value: 'ACTION',
      choices: POWER_ACTIONS,
      isOptional: true,
      help: `${POWER_ACTIONS.join(', ')}; status when left out`,
    },
    { value: 'OUTLET', isOptional: true, help: 'its name; all of them for status when left out' },
  ],
  options: { yes: { help: 'do not ask first' } },
  exitCodes: {
    0: 'It is done, and the outlet says so itself.',
    1: 'An outlet did not do it, or does not answer.',
    64: 'The command is wrong, or was not confirmed; nothing was switched.',
    69: 'Somebody else switches the outlet, or did so less than 5 s ago; nothing was switched.',
  },
  run: async input => {
    const { positionals, env, print, signal, values } = input
    if (process.getuid?.() !== 0) throw new UserError('oobm power: only root may ask; use: sudo oobm power', EXIT.usage)
    const action = POWER_ACTIONS.find(action => action === (positionals[0] ?? 'status')) ?? 'status'
    const path = deviceConfigPath(env)
    const config = parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema)
    const names = config.outlets.map(({ name }) => name)
    const [, named] = positionals
    if (names.length === 0) {
      print('no outlets are configured; docs/power.md says how')
      return action === 'status' ? EXIT.ok : EXIT.usage
    }
    if (named !== undefined && !names.includes(named)) usageError(`"${named}" is not an outlet: ${names.join(', ')}`)
    if (named === undefined && action !== 'status') usageError(`${action} needs an outlet: ${names.join(', ')}`)
    const target = named === undefined ? 'this device' : feedsOf(config, named)
    if (action === 'off' || action === 'cycle') {
      const questions = openQuestions({ values, signal })
      const isSure = await questions
        .confirm(`${action} ${named}, which feeds ${target}?`)
        .finally(() => questions.close())
      if (!isSure) throw new UserError('nothing was switched: not confirmed', EXIT.usage)
    }
    const request = {
      version: 1,
      action,
      outlets: named === undefined ? names : [named],
      target,
      by: whoAsks(env),
    } as const
    const { result, cause, outlets } = await askPower(powerSocketPath(env), request, text => print(text), signal)
    for (const line of alignColumns(outlets.map(state => rowOf(state, config)))) print(line)
    if (result === 'done') return outlets.some(({ state }) => state === 'unknown') ? EXIT.failed : EXIT.ok
    throw new UserError(cause, result === 'busy' ? EXIT.unavailable : result === 'refused' ? EXIT.usage : EXIT.failed)
  },
})

function rowOf({ name, state, cause, last, busy }: OutletState, config: DeviceConfig): string[] {
  const before = last ? `; it was ${last.state} ${last.ageS} s ago` : ''
  const why = [...(cause === undefined ? [] : [`${cause}${before}`]), ...(busy === undefined ? [] : [busy])]
  return [name, state, `feeds ${feedsOf(config, name)}`, ...why]
}

function feedsOf({ outlets, consoles }: DeviceConfig, name: string): string {
  const self = outlets.find(outlet => outlet.name === name)?.self ? ['this box or its uplink'] : []
  const fed = [...consoles.filter(console => console.outlets.includes(name)).map(({ name }) => name), ...self]
  return fed.length === 0 ? 'no console' : fed.join(', ')
}

function whoAsks(env: NodeJS.ProcessEnv): string {
  const who = env.SUDO_USER ?? userInfo().username
  return `${who} (on the device)`.replace(/[^ -~]/g, '?').slice(0, 80)
}
