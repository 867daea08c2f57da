/** What wpa_supplicant logs about a login, as a technician's finding; pure. */
import { nameBytes, shownName } from '../wifi/network-name.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** Why a network refuses, by wpa_supplicant's messages (wpa_ctrl.h; IEEE 802.11, 9.4.1.9: SAE ends with 1 or 15). */
const REFUSALS: [said: RegExp, meaning: (where: string, detail: string) => string][] = [
  [/SSID-TEMP-DISABLED .* reason=WRONG_KEY/, where => `${where} refuses the passphrase`],
  [/AUTH-REJECT \S+ auth_type=3 .*status_code=(?:1|15)\b/, where => `${where} refuses the passphrase`],
  [/EAP-TLS-CERT-ERROR .* err='(.*)'/, (where, detail) => `the login server of ${where} is not trusted: ${detail}`],
  [/CTRL-EVENT-EAP-FAILURE/, where => `${where} refuses the login: wrong name, password or certificate`],
]

/**
 * @param name the interface
 * @param lines of its unit's journal, the oldest first
 */
export function describeLogin(name: string, lines: readonly string[]): Finding {
  const isWifi = name.startsWith('wl')
  const what = `${isWifi ? 'Wi-Fi' : '802.1X'} ${name}`
  const refused = new Map<string, string>()
  let where = isWifi ? 'the network' : 'the switch'
  let isIn = false
  let isTrusted = true
  for (const line of lines) {
    const ssid = / \(SSID='(.*)' freq=/.exec(line)?.[1]
    if (ssid !== undefined) where = shownName(nameBytes(ssid))
    if (line.startsWith('Successfully initialized')) refused.clear()
    if (/Successfully initialized|CTRL-EVENT-DISCONNECTED/.test(line)) isIn = false
    if (line.includes('CTRL-EVENT-EAP-STARTED')) isTrusted = true
    if (line.includes('CTRL-EVENT-CONNECTED')) {
      isIn = true
      refused.delete(where)
    }
    const [said, meaning] = REFUSALS.find(([pattern]) => pattern.test(line)) ?? []
    // After an untrusted certificate the login fails too: the first reason is the real one.
    if (said === undefined || meaning === undefined || (!isTrusted && line.includes('EAP-FAILURE'))) continue
    if (line.includes('CERT-ERROR')) isTrusted = false
    refused.set(where, meaning(where, said.exec(line)?.[1] ?? ''))
  }
  const reasons = [...refused.values()].join('; ')
  if (isIn) return ok(what, `logged in to ${where}${reasons === '' ? '' : `; ${reasons}`}`)
  if (reasons !== '')
    return wrong(
      what,
      reasons,
      'ask the site for the right login; then import a corrected oobm.toml: sudo oobm import FILE',
    )
  return isWifi
    ? wrong(
        what,
        'none of the configured networks is in range',
        'compare their names with those in range: sudo oobm wifi scan',
      )
    : wrong(
        what,
        'the switch asks for no login, or does not answer',
        'check the cable, and whether the switch port uses 802.1X',
      )
}
