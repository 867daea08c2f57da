/** `oobm doctor` on outlets: whether each answers, and whether a password is for none of them. */
import { readFile } from 'node:fs/promises'
import { askPower } from '../../formats/ask-power.ts'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { type OutletState, powerSocketPath } from '../../formats/power-protocol.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { SITE_PATH } from '../import/plan-import.ts'
import { type Check, type Finding, ok, skipped, warning, wrong } from './finding.ts'

export function outletChecks(config: DeviceConfig, env: NodeJS.ProcessEnv): Check[] {
  const { outlets, consoles } = config
  if (outlets.length === 0) return []
  return [
    {
      what: 'outlets',
      run: async (report, signal) => {
        if (process.getuid?.() !== 0) return report(skipped('outlets', 'only root can ask them', 'sudo oobm doctor'))
        const names = outlets.map(({ name }) => name)
        const request = {
          version: 1,
          action: 'status',
          outlets: names,
          target: 'oobm doctor',
          by: 'oobm doctor',
        } as const
        const { result, cause, outlets: states } = await askPower(powerSocketPath(env), request, () => {}, signal)
        if (result !== 'done')
          return report(wrong('outlets', cause, 'sudo systemctl restart oobm-outlets; journalctl -u oobm-power'))
        states.map(judgeOutlet).forEach(report)
        const fed = new Set(consoles.flatMap(({ outlets }) => outlets))
        const idle = outlets.filter(({ name, self }) => !fed.has(name) && !self).map(({ name }) => name)
        if (idle.length > 0)
          report(
            warning('outlets', `${idle.join(', ')}: in no console's outlets`, 'add it to the console that it feeds'),
          )
      },
    },
    { what: 'outlet secrets', run: async report => void (await checkSecrets(config)).forEach(report) },
  ]
}

function judgeOutlet({ name, state, cause = '', busy }: OutletState): Finding {
  const what = `outlet ${name}`
  if (state !== 'unknown') return ok(what, `${state}${busy === undefined ? '' : `; ${busy}`}`)
  return warning(what, cause, 'docs/power.md, "When something is wrong"')
}

async function checkSecrets({ outlets }: DeviceConfig): Promise<Finding[]> {
  const text = await readFile(SITE_PATH, 'utf8').catch(() => undefined)
  if (text === undefined) return []
  const unknown = parseToml(SITE_PATH, text, siteSchema).outletSecrets.filter(
    ({ outlet }) => !outlets.some(({ name }) => name === outlet),
  )
  if (unknown.length === 0) return []
  const names = unknown.map(({ outlet }) => outlet).join(', ')
  return [
    warning('outlet secrets', `${names}: no outlet has this name`, 'correct the name in outlet_secrets, or remove it'),
  ]
}
