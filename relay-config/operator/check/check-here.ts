/** Checks a dedicated relay on its own host: compares it with the fleet file, and asks its sshd for the settings in force. */
import { readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../../formats/names.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { CLIENT_ALIVE_SETTINGS } from '../../fleet/render/sshd-config.ts'
import { answersWithinTls, haproxyState } from '../../relay/apply/front.ts'
import { hasPassword, passwordOpensHost } from '../../relay/apply/host-sshd.ts'
import { describeChanges } from '../../relay/apply/inspect-relay.ts'
import { askTool } from '../../relay/apply/run-tool.ts'
import { answers } from '../../relay/apply/sshd-service.ts'
import { TLS_UNIT } from '../../relay/dedicated/tls-units.ts'
import type { BareInput } from '../command.ts'
import { type Prepared, prepare } from '../prepare.ts'
import { refusers } from '../relay-keys.ts'

/** Settings that must be in force for the devices' login, as `sshd -T` prints them. */
const DEVICE_SETTINGS = [
  ...['allowtcpforwarding yes', 'allowstreamlocalforwarding no', 'permittunnel no', 'permittty no'],
  ...CLIENT_ALIVE_SETTINGS.map(setting => setting.toLowerCase()),
]

export async function checkHere(input: BareInput): Promise<number> {
  const prepared = await prepare(input, input.values.stdin === true)
  const { changes, desired } = prepared
  let wrong = 0
  const tell = (good: boolean, what: string, advice = '') => {
    input.print(`  ${good ? 'ok     ' : 'WRONG  '}  ${what}${good || advice === '' ? '' : `: ${advice}`}`)
    if (!good) wrong++
  }
  input.print(`relay ${desired.relay.name}, this host`)
  for (const conflict of changes.conflicts) tell(false, conflict)
  const drift = describeChanges(changes)
  for (const change of drift) tell(false, 'drift', `"oobm-relay apply" would ${change}`)
  const firewall = desired.relay.firewall ? 'unit and firewall' : 'unit (no firewall: firewall = false)'
  if (drift.length === 0) tell(true, `accounts, keys, sshd_config, ${firewall} match the fleet file`)
  tell(await answers(desired.relay.port), `sshd answers on port ${desired.relay.port}`, 'see its log, facility auth')
  if (desired.relay.tls) {
    const state = await haproxyState()
    const plain = `it is ${state}, and sshd has the port until it runs: "journalctl -u ${TLS_UNIT}", then "systemctl start ${TLS_UNIT}"`
    tell(state === 'active', 'HAProxy runs', plain)
    tell(await answersWithinTls(desired.relay.port), `sshd answers within TLS on port ${desired.relay.port}`)
  }
  const missing = await missingSettings(prepared)
  tell(missing.length === 0, 'sshd has the settings that devices need', `missing: ${missing.join(', ')}`)
  for (const { what, advice } of await openAccounts(prepared)) tell(false, what, advice)
  const { fleet, relay } = prepared.part
  const mismatch = relay.hostKeys.length > 0 ? `${refusers(fleet, relay)}. ` : ''
  tell(
    await isPinned(prepared),
    'its host key is in the fleet file',
    `${mismatch}"oobm-relay push ${relay.name} --restore" restores the pinned key; "oobm-relay host-key" prints this one`,
  )
  return wrong > 0 ? EXIT.failed : EXIT.ok
}

async function missingSettings({ desired, paths, sshd }: Prepared): Promise<string[]> {
  const who = `user=${desired.relay.user},host=h,addr=192.0.2.1`
  const { stdout } = await askTool(sshd, ['-T', '-C', who, '-f', paths.sshdConfig])
  const settings = stdout.split('\n')
  return DEVICE_SETTINGS.filter(setting => !settings.includes(setting))
}

/** Passwords that open more than the relay's login, and accounts that must not have one. */
async function openAccounts({ desired, paths }: Prepared): Promise<{ what: string; advice: string }[]> {
  const found: { what: string; advice: string }[] = []
  for (const name of desired.logins) {
    const advice = (await hasPassword(paths.root, name)) ? await passwordOpensHost(name) : undefined
    if (advice !== undefined) found.push({ what: `the password of ${name} opens only the relay's login`, advice })
  }
  for (const { name } of desired.accounts) {
    if (desired.logins.includes(name) || !(await hasPassword(paths.root, name))) continue
    const advice = `somebody has set one by hand: "usermod --password '*' ${name}" removes it`
    found.push({ what: `${name} has no password`, advice })
  }
  return found
}

async function isPinned({ part, paths }: Prepared): Promise<boolean> {
  const text = await readFile(`${paths.hostKey}.pub`, 'utf8').catch(() => '')
  const key = publicKeySchema.safeParse(text)
  return key.success && part.relay.hostKeys.includes(key.data)
}
