/** CHANGELOG.md as deb-changelog(5). */
import { wrap } from '../cli/layout.ts'

/** With their indentation, lines have the 80 columns that Debian asks for. */
const WIDTH = 74

/** @param version must be the newest in the text */
export function debianChangelog(
  markdown: string,
  name: string,
  version: string,
  maintainer: string,
  date: Date,
): string {
  const entry = markdown.split(/^## /m).find(part => part.startsWith(version))
  if (!entry) throw new Error(`CHANGELOG.md has no "## ${version}"`)
  const lines = entry
    .split(/^(?=- |### )/m)
    .slice(1)
    .map(part => part.trim())
    .map(part =>
      part.startsWith('### ') ? `\n  [ ${part.slice(4)} ]` : `  * ${wrap(part.slice(2), WIDTH).join('\n    ')}`,
    )
  const stamp = date.toUTCString().replace('GMT', '+0000')
  return `${name} (${version}) unstable; urgency=medium\n${lines.join('\n')}\n\n -- ${maintainer}  ${stamp}\n`
}
