import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeLogin } from './network-login.ts'

const test = suite('network login')
const START = 'Successfully initialized wpa_supplicant'
const tries = (ssid: string) => `wlan0: Trying to associate with 02:00:00:00:01:00 (SSID='${ssid}' freq=2412 MHz)`
const IN = 'wlan0: CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:01:00 completed [id=0 id_str=]'
const LOST = 'wlan0: CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=3'
const WRONG = 'wlan0: CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid="Office" auth_failures=1 duration=10 reason=WRONG_KEY'
const EAP = 'wlan0: CTRL-EVENT-EAP-STARTED EAP authentication started'
const FAILED = 'wlan0: CTRL-EVENT-EAP-FAILURE EAP authentication failed'
const CERTIFICATE =
  "wlan0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='/CN=x' err='self-signed certificate in certificate chain'"

test('says what is wrong, and at which end', () => {
  const rows: [name: string, lines: string[], found: string][] = [
    ['wlan0', [START, tries('Office'), IN], 'ok Wi-Fi wlan0: logged in to "Office"'],
    ['wlan0', [START, tries('B\\xc3\\xbcro \\"S\\"'), IN], 'ok Wi-Fi wlan0: logged in to "Büro "S""'],
    ['wlan0', [START, tries('Office'), LOST, WRONG], 'wrong Wi-Fi wlan0: "Office" refuses the passphrase'],
    [
      'wlan0',
      [START, tries('Office'), WRONG, tries('Guests'), IN],
      'ok Wi-Fi wlan0: logged in to "Guests"; "Office" refuses the passphrase',
    ],
    ['wlan0', [START, tries('Office'), WRONG, tries('Office'), IN], 'ok Wi-Fi wlan0: logged in to "Office"'],
    ['wlan0', [START, tries('Office'), IN, LOST], 'wrong Wi-Fi wlan0: none of the configured networks is in range'],
    ['wlan0', [tries('Office'), WRONG, START], 'wrong Wi-Fi wlan0: none of the configured networks is in range'],
    [
      'wlan0',
      [tries('Campus'), EAP, CERTIFICATE, FAILED],
      'wrong Wi-Fi wlan0: the login server of "Campus" is not trusted: self-signed certificate in certificate chain',
    ],
    [
      'wlan0',
      [tries('Campus'), EAP, CERTIFICATE, FAILED, EAP, FAILED],
      'wrong Wi-Fi wlan0: "Campus" refuses the login: wrong name, password or certificate',
    ],
    [
      'eth0',
      [START, EAP, FAILED],
      'wrong 802.1X eth0: the switch refuses the login: wrong name, password or certificate',
    ],
    ['eth0', [START, IN], 'ok 802.1X eth0: logged in to the switch'],
    ['eth0', [START], 'wrong 802.1X eth0: the switch asks for no login, or does not answer'],
  ]
  for (const [name, lines, expected] of rows) {
    const { result, what, detail } = describeLogin(name, lines)
    assert.is(`${result} ${what}: ${detail}`, expected)
  }
})

test.run()
