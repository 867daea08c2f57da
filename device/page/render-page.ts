/** The page for field staff, from its facts; pure. It needs no script, and nothing but itself. */
import { createHash } from 'node:crypto'
import { fieldSentences } from '../../formats/field-sentences.ts'
import { ledBar } from '../../formats/led-picture.ts'
import { type Html, html, trusted } from '../../runtime/html.ts'
import { timeText, zonedTimeText } from '../../runtime/time-text.ts'
import { megabytes } from '../daemons/describe-router.ts'
import type { PageBudget, PageFacts, PageLink } from './page-facts.ts'
import { pageStyle } from './page-style.ts'
import { PAGE_WORDS, type PageWords } from './page-words.ts'
import type { RenderedPage } from './serve-page.ts'

/** Seconds after which a phone asks again. */
const REFRESH_S = 10

export function renderPage(facts: PageFacts): RenderedPage {
  const style = pageStyle(facts.state, facts.hasColours)
  const digest = createHash('sha256').update(style).digest('base64')
  return {
    html: pageOf(facts, style).text,
    policy: `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function pageOf(facts: PageFacts, style: string): Html {
  const { language, state, device } = facts
  const words = PAGE_WORDS[language]
  const { looks, meaning, remedy } = fieldSentences(state, language)
  const other = language === 'ja' ? 'en' : 'ja'
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<title>${device ?? words.unnamed}: ${state}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header><h1>${device ?? words.unnamed}<small>${words.title}</small></h1><a href="/${other}" lang="${other}" hreflang="${other}">${words.otherLanguage}</a></header>
<main>
<div class="state"><div class="led" role="img" aria-label="${looks.text}"></div><strong>${meaning.text}</strong></div>
${facts.state === 'not-running' ? html`<p class="bad">${words.stale}</p>` : undefined}
<h2>${words.todo}</h2>
<p class="todo">${remedy.text}</p>
${facts.contact === undefined ? undefined : html`<p>${words.call}: <b>${facts.contact}</b></p>`}
${facts.fault === undefined ? undefined : html`<h2>${words.missing}</h2><p lang="en">${facts.fault}</p>`}
<h2>${words.led}: ${state}</h2>
<p>${looks.text}</p>
<svg class="bar" viewBox="-1 -1 202 18" aria-hidden="true">${trusted(ledBar(state, 200, 16))}</svg>
${whileRunning(facts, words)}
<h2>${words.network}</h2>
<ul>${facts.links.map(link => linkItem(link, words))}</ul>
${budgetList(facts, words)}
<h2>${words.adapters}</h2>
${adapterList(facts, words)}
<h2>${words.forOperator}</h2>
<p lang="en"><small>${facts.cause}</small></p>
<p><small>${words.serial}: ${facts.serial ?? '–'}<br>${words.software}: ${facts.software}</small></p>
</main>
<footer>${words.asOf} ${timeText(facts.nowMs)} (${words.byClock}). ${words.renews}</footer>
</body>
</html>
`
}

/** What a supervisor that does not run cannot know is not shown. */
function whileRunning(facts: PageFacts, words: PageWords): Html {
  const { state, nowMs, provedMs, uplinks } = facts
  const proof =
    state === 'not-running' || state === 'unconfigured'
      ? undefined
      : html`<h2>${words.proved}</h2><p>${ageOf(provedMs, nowMs, words)}</p>`
  const ways =
    uplinks.length === 0
      ? undefined
      : html`<h2>${words.uplinks}</h2><ul>${uplinks.map(
          uplink =>
            html`<li>${uplink.name}${uplink.carries ? html` <b>${words.inUse}</b>` : undefined}, ${ageOf(uplink.provedMs, nowMs, words)}${small(uplink.why)}</li>`,
        )}</ul>`
  return html`${proof}${ways}${hotspotOf(facts, words)}${consoleList(facts, words)}`
}

function hotspotOf({ hotspot }: PageFacts, words: PageWords): Html | undefined {
  if (hotspot === undefined) return undefined
  const { ssid, address, isOn, devices } = hotspot
  const more = isOn ? small(`${address} · ${words.onIt}: ${devices}`) : undefined
  return html`<h2>${words.hotspot}</h2><p>${ssid}: ${isOn ? words.hotspotOn : words.hotspotOff}${more}</p>`
}

function consoleList({ consoles, bridgeProblem }: PageFacts, words: PageWords): Html {
  const items = consoles.map(
    ({ name, label, isOpen, cause, settings }) =>
      html`<li>${name}: ${isOpen ? words.open : html`<span class="bad">${words.closed}</span>`}${small([label, isOpen ? settings : cause].filter(Boolean).join(' · '))}</li>`,
  )
  const problem = bridgeProblem === undefined ? undefined : html`<p class="bad" lang="en">${bridgeProblem}</p>`
  const list = items.length > 0 ? html`<ul>${items}</ul>` : html`<p>${words.noConsoles}</p>`
  return html`<h2>${words.consoles}</h2>${problem ?? list}`
}

function linkItem({ name, isUp, speed, signalDbm, addresses }: PageLink, words: PageWords): Html {
  const more = [
    signalDbm === undefined ? '' : `${words.signal} ${signalDbm} dBm`,
    isUp && speed !== undefined ? `${speed} Mbit/s` : '',
    ...addresses,
  ]
  return html`<li>${name}: ${isUp ? words.up : words.down}${small(more.filter(part => part !== '').join(' · '))}</li>`
}

function budgetList({ budgets }: PageFacts, words: PageWords): Html | undefined {
  if (budgets.length === 0) return undefined
  return html`<h2>${words.budget}</h2><ul>${budgets.map(budget => budgetItem(budget, words))}</ul>`
}

function budgetItem({ address, now }: PageBudget, words: PageWords): Html {
  if (now === undefined) return html`<li>${address}: <span class="bad">${words.uncounted}</span></li>`
  const { uplink, bytes, usedBytes, resetsAt, zone, ageMs } = now
  const used = `${megabytes(usedBytes)} ${words.of} ${megabytes(bytes)} ${words.used}`
  const spent = usedBytes < bytes ? undefined : html` <span class="bad">${words.spent}</span>`
  const more = `${words.resets} ${zonedTimeText(resetsAt, zone)} · ${words.counted} ${spanText(ageMs, words)}`
  return html`<li>${uplink}: ${used}${spent}${small(more)}</li>`
}

function adapterList({ adapters }: PageFacts, words: PageWords): Html {
  if (adapters.length === 0) return html`<p>${words.noAdapters}</p>`
  const items = adapters.map(
    ({ port, product, console }) =>
      html`<li>${words.port} ${port}: ${console ?? words.free}<small>${product}</small></li>`,
  )
  return html`<ul>${items}</ul>`
}

function small(text: string): Html | undefined {
  return text === '' ? undefined : html`<small>${text}</small>`
}

/** In the largest unit alone; a clock that was set back since shows nothing below zero. */
function ageOf(thenMs: number | undefined, nowMs: number, words: PageWords): string {
  return thenMs === undefined ? words.never : spanText(nowMs - thenMs, words)
}

function spanText(ms: number, { units }: PageWords): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}${units.s}`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}${units.m}`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}${units.h}`
  return `${Math.floor(seconds / 86_400)}${units.d}`
}
