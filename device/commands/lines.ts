/** `oobm lines`: gives the programs of other lines than serial ports what the configuration says. */
import { readFile } from 'node:fs/promises'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { LINE_SECRETS_DIRECTORY, LINES_DIRECTORY } from '../../formats/line-spec.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { settleLines } from '../lines/settle-lines.ts'

/** Times that the configuration may change during one run. */
const TURNS = 5

export const linesCommand = defineCommand({
  summary: 'start the programs of consoles that are lines over the network or commands, and stop those that are gone',
  details: ['oobm-lines.service runs this when the device starts and when its configuration changes.'],
  exitCodes: {
    0: 'Every line of these kinds has its program.',
    78: 'A line cannot have its program; the reason is printed.',
  },
  run: async ({ env, print }) => {
    if (process.getuid?.() !== 0)
      throw new UserError('oobm lines: only root can do this; use: sudo systemctl start oobm-lines', EXIT.usage)
    const path = deviceConfigPath(env)
    let problems: string[] = []
    let done: string | undefined
    // systemd misses a change while the unit is running (systemd.path(5)).
    for (let turn = 0; turn < TURNS; turn++) {
      const text = await readFile(path, 'utf8')
      if (text === done) break
      const config = parseToml(path, text, deviceConfigSchema)
      const folders = { lines: LINES_DIRECTORY, secrets: LINE_SECRETS_DIRECTORY }
      problems = await settleLines({ config, configFile: path, ...folders, say: print })
      done = text
    }
    for (const problem of problems) print(problem)
    return problems.length === 0 ? EXIT.ok : EXIT.configuration
  },
})
