/** What a person most likely means by a wrong line of TOML; pure. */

/** Values that may be repeated in a message: any other may be a secret. */
const SHOWN = new Set([
  'ssid',
  'identity',
  'anonymous_identity',
  'hostname',
  'domain',
  'host',
  'name',
  'device',
  'path',
])

const TYPOGRAPHIC = /[\u2018-\u201f\u00ab\u00bb\u300c\u300d\uff02\uff07]/

/** About a line that is not TOML; undefined for an unknown mistake. */
export function adviceOnSyntax(line: string): string | undefined {
  const code = line.replace(/#.*/, '')
  const quote = TYPOGRAPHIC.exec(code)?.[0]
  if (quote !== undefined) return `has a typographic quotation mark ${quote}, as word processors make: type " instead`
  if (code.includes('\u00a0'))
    return 'has a no-break space (U+00A0), as web pages and word processors make: type a plain space'
  if (code.includes('\uff1d')) return 'has a full-width ＝: type = instead'
  const backslash = adviceOnEscapes(line)
  if (backslash !== undefined) return `is not valid TOML: ${backslash}`
  const [, key, bare] = /^\s*([\w-]+)\s*=\s*([^\s"'[{].*)$/.exec(code) ?? []
  if (key === undefined || bare === undefined || /^([+-]?[\d.]|true|false|inf|nan)/.test(bare)) return undefined
  return `is not valid TOML: text must be in quotes: ${key} = "${SHOWN.has(key) ? bare.trim().replace(/["\\]/g, '') : '…'}"`
}

/** About a line with a backslash: within "…", a backslash and the letter after it are another character. */
export function adviceOnEscapes(line: string): string | undefined {
  const [, key, value] = /^\s*([\w.-]+)\s*=\s*"([^"]*\\.*)"\s*(?:#.*)?$/.exec(line) ?? []
  // A key or a certificate in one line has its line ends as escapes.
  if (key === undefined || value === undefined || value.includes('-----BEGIN')) return undefined
  const why = 'a backslash in "…" begins an escape'
  if (!SHOWN.has(key)) return `${why}: use single quotes, ${key} = '…'`
  return value.includes("'") ? `${why}: write \\\\ for each` : `${why}: use single quotes, ${key} = '${value}'`
}
