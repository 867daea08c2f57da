/** A terminal's screen as an SVG picture; pure. */

/** A screen as `tmux capture-pane -e -p` prints it: text, and SGR sequences (ECMA-48, section 8.3.117) for its colours. */
export interface Screen {
  /** What was typed to get it. */
  title: string
  text: string
}

interface Style {
  colour: string
  bold: boolean
}

/** Pixels of one character of the font, and between two lines. */
const [CHARACTER, LINE] = [8.4, 18]
const MARGIN = 16
const TITLE = 30
const PLAIN: Style = { colour: '#d0d4da', bold: false }
const FAINT = '#8b949e'
/** The colours that our programs use, on a dark ground. */
const COLOURS: Record<number, string> = { 31: '#ff7b72', 32: '#3fb950', 33: '#d29922', 36: '#79c0ff' }

/** @returns the screens below each other, each in a frame of its own; `about` is what a screen reader says */
export function screensSvg(screens: readonly Screen[], columns: number, about: string): string {
  const width = Math.ceil(columns * CHARACTER) + 2 * MARGIN
  let top = 0
  const frames = screens.map(({ title, text }) => {
    const lines = text.trimEnd().split('\n')
    const height = TITLE + lines.length * LINE + MARGIN
    const frame = `<g transform="translate(0 ${top})">
<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>
<text x="${MARGIN}" y="20" fill="${FAINT}">${escaped(title)}</text>
${lines.map((line, row) => lineSvg(line, TITLE + (row + 1) * LINE - 5)).join('\n')}
</g>`
    top += height + MARGIN
    return frame
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - MARGIN}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">
<title>${escaped(about)}</title>
${frames.join('\n')}
</svg>
`
}

/** The text of a picture that {@link screensSvg} made, line by line, without its colours. */
export function textOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, line = '']) =>
    line
      .replace(/<[^>]*>/g, '')
      .replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: '<', gt: '>' })[name] ?? '&')
      .trimEnd(),
  )
}

function lineSvg(line: string, y: number): string {
  let style = PLAIN
  let column = 0
  const spans: string[] = []
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const [, codes] = /^\x1b\[([\d;]*)m$/.exec(part) ?? []
    if (codes !== undefined) style = codes.split(';').map(Number).reduce(styleAfter, style)
    else if (part !== '') {
      spans.push(spanSvg(part, column, style))
      column += [...part].length
    }
  }
  return `<text y="${y}">${spans.join('')}</text>`
}

/** Each at its column: no font decides what is below what. */
function spanSvg(text: string, column: number, { colour, bold }: Style): string {
  const x = (MARGIN + column * CHARACTER).toFixed(1)
  return `<tspan x="${x}" fill="${colour}"${bold ? ' font-weight="bold"' : ''}>${escaped(text)}</tspan>`
}

function styleAfter(style: Style, code: number): Style {
  if (code === 0) return PLAIN
  // Reverse video (7, 27) is drawn bold: a text of SVG has no ground of its own.
  if (code === 1 || code === 7) return { ...style, bold: true }
  if (code === 27) return { ...style, bold: false }
  if (code === 2) return { ...style, colour: FAINT }
  if (code === 22) return { colour: style.colour === FAINT ? PLAIN.colour : style.colour, bold: false }
  if (code === 39) return { ...style, colour: PLAIN.colour }
  return { ...style, colour: COLOURS[code] ?? style.colour }
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
