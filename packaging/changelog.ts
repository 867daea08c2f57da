/** CHANGELOG.md as deb-changelog(5). */

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
    .map(part => part.trim().split(/\s+/))
    .map(([mark, ...words]) => (mark === '###' ? `\n  [ ${words.join(' ')} ]` : `  * ${wrapped(words).join('\n    ')}`))
  const stamp = date.toUTCString().replace('GMT', '+0000')
  return `${name} (${version}) unstable; urgency=medium\n${lines.join('\n')}\n\n -- ${maintainer}  ${stamp}\n`
}

/** Lines of at most 74 characters, which with their indentation is what Debian asks for. */
function wrapped(words: string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < 74) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
