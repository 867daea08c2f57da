/** A device below a root folder for tests of `oobm wifi`: its settings, an interface that is a folder, and a stand-in for systemctl. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SettingsRecord } from '../../../formats/settings-record.ts'
import type { SiteInput } from '../../../formats/site-config.ts'
import { readToml } from '../../../formats/toml-file.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { install } from '../../import/install.ts'
import { readStored } from '../../import/stored.ts'
import { wholeFrom } from '../../import/take-over.ts'
import { makeBoard } from '../../provision/testing/board.ts'

const CONFIG = '/run/oobm-provision/wpa_supplicant-wlan0.conf'
export const TWO: SiteInput = {
  system: { country: 'JP' },
  wifi: [
    { ssid: 'Office', priority: 5 },
    { ssid: 'Lab', passphrase: 'of the lab' },
  ],
}

export async function wifiDevice(context: TestContext, site: SiteInput) {
  const board = await makeBoard(context)
  const { root } = board
  const directory = join(root, '..')
  const at = (name: string) => join(directory, name)
  await install(wholeFrom(readToml('x', board.issue({}, site))).text, root)
  for (const folder of [join(root, 'run/oobm-provision'), at('sys/class/net/wlan0'), at('bin')])
    await mkdir(folder, { recursive: true })
  await writeFile(at('bin/systemctl'), `#!/bin/sh\necho "$*" >>'${at('asked')}'\n`)
  await chmod(at('bin/systemctl'), 0o755)
  const env = {
    ...process.env,
    ...{ PATH: `${at('bin')}:${process.env.PATH}`, OOBM_ROOT: root, OOBM_SYSFS: at('sys'), OOBM_WPA: at('wpa') },
    ...{ OOBM_SETTINGS_RECORD: at('settings.json'), OOBM_FACTS: at('facts') },
  }
  const command = (...args: string[]) => ['build/lib/oobm.cjs', 'wifi', ...args]
  return {
    ...{ root, directory, env, command },
    oobm: (args: string[], input?: string) =>
      runProgram(process.execPath, command(...args), { env, timeoutMs: 60_000, ...(input && { input }) }),
    site: async () => readToml('x', await readFile(join(root, 'etc/oobm/secrets/system.toml'), 'utf8')) as SiteInput,
    config: () => readFile(join(root, CONFIG), 'utf8').catch(() => ''),
    asked: () => readFile(at('asked'), 'utf8').catch(() => ''),
    record: (record: Partial<SettingsRecord>) =>
      writeFile(
        at('settings.json'),
        JSON.stringify({ version: 1, refused: 0, serial: 0, trial: null, outcomes: [], ...record }),
      ),
  }
}

export async function stored(root: string) {
  return (await readStored(root)) ?? {}
}
