/** The page of a folder: plain HTML that needs no script; pure. */
import { printable } from '../../runtime/printable.ts'

export interface Entry {
  name: string
  isFolder: boolean
  size: number
  mtimeMs: number
}

/** Rows of a page at the most. */
const ROWS_MAX = 20_000

export function listingPage(folder: string, entries: readonly Entry[]): string {
  const title = `Files: /${printable(folder)}`
  const up = folder === '' ? [] : ['<tr><td><a href="../">../</a><td><td>']
  const rows = entries.slice(0, ROWS_MAX).map(({ name, isFolder, size, mtimeMs }) => {
    const mark = isFolder ? '/' : ''
    const time = new Date(mtimeMs).toISOString().slice(0, 16).replace('T', ' ')
    const link = `<a href="./${encodeURIComponent(name)}${mark}">${escapeHtml(printable(name))}${mark}</a>`
    return `<tr><td>${link}<td align="right">${isFolder ? '' : size}<td>${time}`
  })
  const more = entries.length > ROWS_MAX ? `<p>${entries.length - ROWS_MAX} more are not shown.` : ''
  return `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<h1>${escapeHtml(title)}</h1>
<table cellpadding="4"><tr><th>name<th>bytes<th>changed (UTC)
${[...up, ...rows].join('\n')}
</table>${more}
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
}
