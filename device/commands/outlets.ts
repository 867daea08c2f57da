/** `oobm outlets`: gives the program that switches outlets what the configuration says. */
import { readFile } from 'node:fs/promises'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath } from '../../formats/directories.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { defineCommand } from '../command.ts'
import { SITE_PATH } from '../import/plan-import.ts'
import { settleOutlets } from '../power/settle-outlets.ts'

/** What is handed to the program. */
const DIRECTORY = '/run/oobm-outlets'
/** Times that the files may change during one run. */
const TURNS = 5

export const outletsCommand = defineCommand({
  summary: 'start the program that switches the outlets of the configuration, or stop it where there are none',
  details: ['oobm-outlets.service runs this when the device starts and when its configuration changes.'],
  exitCodes: { 0: 'The program has what it needs.', 78: 'The configuration is wrong; the reason is printed.' },
  run: async ({ env, print }) => {
    if (process.getuid?.() !== 0)
      throw new UserError('oobm outlets: only root can do this; use: sudo systemctl start oobm-outlets', EXIT.usage)
    const path = deviceConfigPath(env)
    let done: string | undefined
    // systemd misses a change while the unit is running (systemd.path(5)).
    for (let turn = 0; turn < TURNS; turn++) {
      const text = await readFile(path, 'utf8')
      const siteText = await readFile(SITE_PATH, 'utf8').catch(err => {
        if (errorCode(err) === 'ENOENT') return ''
        throw err
      })
      if (`${text}\n${siteText}` === done) break
      const config = parseToml(path, text, deviceConfigSchema)
      const { outletSecrets: secrets } = parseToml(SITE_PATH, siteText, siteSchema)
      await settleOutlets({ config, secrets, directory: DIRECTORY, say: print })
      done = `${text}\n${siteText}`
    }
    return EXIT.ok
  },
})
