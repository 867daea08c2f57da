/** The field sheet of a device: one printed page for whoever installs it, as an HTML file that needs nothing beside it; no secrets. */
import type { ConsoleLabel } from '../../../formats/console-label.ts'
import { type FieldState, fieldSentences } from '../../../formats/field-sentences.ts'
import type { Language } from '../../../formats/languages.ts'
import { ledBar } from '../../../formats/led-picture.ts'
import type { SiteInput } from '../../../formats/site-config.ts'
import { STATE_NAMES } from '../../../formats/states.ts'
import { escapeHtml } from '../../../runtime/html.ts'
import { relaysOf } from '../access.ts'
import type { Device, Fleet } from '../fleet-config.ts'
import { SHEET_STYLE } from './field-sheet-style.ts'
import { SHEET_WORDS, type SheetWords } from './field-sheet-words.ts'

/** @param site what `issue --with` adds; of a Wi-Fi only the name is shown */
export function fieldSheet(fleet: Fleet, device: Device, site: SiteInput, language: Language): string {
  const words = SHEET_WORDS[language]
  const text = escapeHtml
  const contact = device.contact ?? fleet.contact
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`${device.name}: ${words.title}`)}</title>
<style>${SHEET_STYLE}</style>
<header><h1>${text(device.name)}</h1><p>${text(words.title)}</p></header>
<p>${text(words.about)}</p>
<dl>
${[
  [words.contact, contact ?? words.nobody],
  [words.network, networksOf(site, words)],
  [
    words.mustReach,
    relaysOf(fleet, device)
      .map(({ host, port }) => `${host}, TCP ${port}`)
      .join('; '),
  ],
  [words.serial, ''],
]
  .map(([term = '', value = '']) => `<dt>${text(term)}</dt><dd>${value === '' ? '<i></i>' : text(value)}</dd>`)
  .join('\n')}
</dl>
<h2>${text(words.consoles)}</h2>
<table>
<tr><th></th>${words.columns.map(column => `<th>${text(column)}</th>`).join('')}</tr>
${device.consoles.map(console => row(console, words)).join('\n')}
</table>
<h2>${text(words.steps)}</h2>
<ol>${words.order.map(step => `<li>${text(step)}</li>`).join('')}</ol>
<h2>${text(words.led)}</h2>
<p>${text(words.ledNote)}</p>
<table class="led">
${LED_ROWS.map(state => ledRow(state, language)).join('\n')}
</table>
</html>
`
}

type SheetConsole = Device['consoles'][number]

/** What one looks for first is what one may leave alone. */
const LED_ROWS: FieldState[] = [...[...STATE_NAMES].reverse(), 'not-running']

function row({ name, label, path, usb, ...line }: SheetConsole, words: SheetWords): string {
  const { baudRate = 9600, dataBits = 8, parity = 'none', stopBits = 1 } = line
  const settings = `${baudRate} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
  const cells = [equipmentOf(label), pluggedInto(path, usb, words), cableOf(label)]
  const inner = cells.map(cell => `<td>${escapeHtml(cell)}</td>`).join('')
  return `<tr><td class="tick"></td><td><b>${escapeHtml(name)}</b></td>${inner}<td class="line">${settings}</td></tr>`
}

function equipmentOf(label: ConsoleLabel | undefined): string {
  if (label === undefined || typeof label === 'string') return label ?? ''
  const { site, rack, model, contact } = label
  return [site, rack && `rack ${rack}`, model, contact].filter(part => part !== undefined).join(', ')
}

function cableOf(label: ConsoleLabel | undefined): string {
  return typeof label === 'object' ? (label.cable ?? '') : ''
}

/** udev's name of an adapter is long: its serial number is what is printed on some. */
function pluggedInto(path: string | undefined, usb: string | undefined, words: SheetWords): string {
  if (usb !== undefined) return `${words.usbPort} ${usb}`
  const adapter = /^\/dev\/serial\/by-id\/usb-(.+?)(?:-if\d\d)?(?:-port\d+)?$/.exec(path ?? '')?.[1]
  if (adapter !== undefined) return `${words.adapter} ${adapter.replaceAll('_', ' ')}`
  return path ?? ''
}

function networksOf({ wifi = [], interfaces = [] }: SiteInput, words: SheetWords): string {
  const fixed = interfaces.flatMap(({ name, addresses = [] }) => addresses.map(address => `${name} ${address}`))
  const networks = [...wifi.map(({ ssid }) => `Wi-Fi “${ssid}”`), ...fixed]
  return networks.length === 0 ? words.cable : networks.join('; ')
}

function ledRow(state: FieldState, language: Language): string {
  const { looks, meaning, remedy } = fieldSentences(state, language)
  const bar = `<svg viewBox="-1 -1 102 12" role="img" aria-label="${escapeHtml(looks.text)}">${ledBar(state, 100, 10)}</svg>`
  return `<tr><td>${bar}</td><td>${state}</td><td><b>${escapeHtml(meaning.text)}</b> ${escapeHtml(remedy.text)}</td></tr>`
}
