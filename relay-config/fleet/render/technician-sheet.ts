/** The sheet of a technician: one printed page with addresses and fingerprints for ways 2 and 3, as an HTML file; no secrets. */
import type { Language } from '../../../formats/languages.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { escapeHtml } from '../../../runtime/html.ts'
import { pinnedKeysOf } from '../access.ts'
import type { Device, Fleet, Technician } from '../fleet-config.ts'
import { directTargets } from './direct-targets.ts'
import { SHEET_STYLE } from './field-sheet-style.ts'
import type { DeviceHostKeys } from './known-hosts.ts'
import { loginConsolesBy } from './login-files.ts'
import { TECHNICIAN_WORDS } from './technician-sheet-words.ts'

/** Fingerprints are compared letter by letter. */
const STYLE = `${SHEET_STYLE}
th, td:nth-last-child(3) { white-space: nowrap }
td:last-child { font-family: ui-monospace, monospace; font-size: 8pt; overflow-wrap: anywhere }
`

type Line = readonly string[]

/** @param keysOf the host keys of a device of this fleet */
export function technicianSheet(
  fleet: Fleet,
  technician: Technician,
  keysOf: (device: Device) => DeviceHostKeys,
  language: Language,
): string {
  const words = TECHNICIAN_WORDS[language]
  const logins = fleet.relays.flatMap(relay => {
    const consoles = loginConsolesBy(fleet, relay, technician).map(({ console }) => console.name)
    return consoles.length === 0 ? [] : [{ relay, consoles }]
  })
  const direct = directTargets(fleet, technician, keysOf).map(({ name, isShell, host, port, user, hostKey }) => [
    ...[isShell ? `${words.shell} ${name}` : name, host, String(port), user],
    keyText(hostKey),
  ])
  const sections = [
    ...(logins.length === 0
      ? []
      : [
          `<h2>${text(words.login)}</h2>`,
          table(
            words.loginColumns,
            logins.flatMap(({ relay }) =>
              pinnedKeysOf(relay).map(key => [relay.host, String(relay.port), technician.name, keyText(key)]),
            ),
          ),
          `<p>${text(words.loginNote)}</p>`,
          `<p><b>${text(words.consoles)}</b> ${text([...new Set(logins.flatMap(({ consoles }) => consoles))].join(', '))}</p>`,
        ]),
    ...(direct.length === 0
      ? []
      : [`<h2>${text(words.gateway)}</h2>`, table(words.gatewayColumns, direct), `<p>${text(words.gatewayNote)}</p>`]),
  ]
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`${technician.name}: ${words.title}`)}</title>
<style>${STYLE}</style>
<header><h1>${text(technician.name)}</h1><p>${text(words.title)}</p></header>
<p>${text(sections.length === 0 ? words.none : words.about)}</p>
<dl><dt>${text(words.contact)}</dt><dd>${text(fleet.contact ?? words.nobody)}</dd></dl>
${sections.join('\n')}
</html>
`
}

function keyText(key: string): string {
  return `${key.split(' ')[0]} ${fingerprint(key)}`
}

function table(columns: readonly string[], lines: readonly Line[]): string {
  const row = (cells: Line, tag: string) => `<tr>${cells.map(cell => `<${tag}>${text(cell)}</${tag}>`).join('')}</tr>`
  return `<table>\n${[row(columns, 'th'), ...lines.map(line => row(line, 'td'))].join('\n')}\n</table>`
}

const text = escapeHtml
