/** `oobm people`: makes an account for each technician with shell access, and closes those of technicians who left. */
import { readFile } from 'node:fs/promises'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { peopleRecordPath } from '../../formats/people.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import type { Clash } from '../people/plan-people.ts'
import { settlePeople } from '../people/settle-people.ts'

/** Times that the configuration may change during one run. */
const TURNS = 5

export const peopleCommand = defineCommand({
  summary: 'make an account for each technician with shell access, and close those of technicians who left',
  details: ['oobm-people.service runs this when the device starts and when its configuration changes.'],
  exitCodes: {
    0: 'Every account is as the configuration says.',
    78: 'A technician cannot have an account; the reason is printed.',
  },
  run: async ({ env, print }) => {
    if (process.getuid?.() !== 0) {
      throw new UserError('oobm people: only root can make accounts; use: sudo systemctl start oobm-people', EXIT.usage)
    }
    const path = deviceConfigPath(env)
    let clashes: Clash[] = []
    let done: string | undefined
    // systemd misses a change while the unit is running (systemd.path(5)).
    for (let turn = 0; turn < TURNS; turn++) {
      const text = await readFile(path, 'utf8')
      if (text === done) break
      const config = parseToml(path, text, deviceConfigSchema)
      clashes = await settlePeople({ config, record: peopleRecordPath(env), say: print })
      done = text
    }
    for (const { name, why } of clashes) print(`${name}: ${why}`)
    return clashes.length === 0 ? EXIT.ok : EXIT.configuration
  },
})
