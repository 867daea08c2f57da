/** One A4 page as SVG: texts that break where their language breaks, in millimetres. */
import { escapeHtml } from '../../runtime/html.ts'

export const A4 = { width: 210, height: 297 } as const
export const MARGIN = 14

/** The one font of the pages: Japanese and Latin letters of one hand, 6 MB (fonts-ipaexfont-gothic). */
const FONT = 'IPAexGothic'

export interface Style {
  /** Height of the letters, in millimetres. */
  size: number
  bold?: boolean
  /** Millimetres from one line to the next. */
  leading?: number
  color?: string
}

export interface Placed {
  svg: string
  /** Millimetres that it took, from `y` down. */
  height: number
}

/** A paragraph whose first line begins below `y`. */
export function paragraph(text: string, x: number, y: number, width: number, style: Style): Placed {
  const { size, bold = false, leading = size * 1.45, color = '#000' } = style
  const lines = breakLines(text, width / size)
  const spans = lines.map(
    (line, at) => `<tspan x="${mm(x)}" y="${mm(y + size + at * leading)}">${escapeHtml(line)}</tspan>`,
  )
  const weight = bold ? ' font-weight="bold"' : ''
  const svg = `<text font-size="${mm(size)}"${weight} fill="${color}">${spans.join('')}</text>`
  return { svg, height: lines.length * leading }
}

/** @param parts SVG elements @returns a file; `title` is the document's */
export function a4Page(title: string, language: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xml:lang="${language}" width="${A4.width}mm" height="${A4.height}mm" viewBox="0 0 ${A4.width} ${A4.height}" font-family="${FONT}">`,
    `<title>${escapeHtml(title)}</title>`,
    `<rect width="${A4.width}" height="${A4.height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

export function line(x1: number, y1: number, x2: number, y2: number, width = 0.3): string {
  return `<path d="M${mm(x1)} ${mm(y1)}L${mm(x2)} ${mm(y2)}" stroke="#000" stroke-width="${width}" fill="none"/>`
}

export function box(x: number, y: number, width: number, height: number, fill = 'none'): string {
  return `<rect x="${mm(x)}" y="${mm(y)}" width="${mm(width)}" height="${mm(height)}" rx="1.5" fill="${fill}" stroke="#000" stroke-width="0.4"/>`
}

export function at(x: number, y: number, svg: string): string {
  return `<g transform="translate(${mm(x)} ${mm(y)})">${svg}</g>`
}

/**
 * What stays on one line: a Latin word with its space; in Japanese, a word with the kana and marks that follow it, so that no
 * line begins in the middle of a word or with a mark (JIS X 4051).
 */
const PIECE = /[「（]*(?:[!-~]+|[^\p{sc=Hiragana}!-~ 、。」）「（]+)*[\p{sc=Hiragana}、。」）]* ?/gu

/** As few lines as there can be, of about the same length. @param widthEm width of a line in letters of full width */
export function breakLines(text: string, widthEm: number): string[] {
  const pieces = (text.match(PIECE) ?? []).filter(piece => piece !== '')
  let best = fill(pieces, widthEm)
  for (let narrower = widthEm - 1; narrower > widthEm / 2; narrower--) {
    const lines = fill(pieces, narrower)
    if (lines.length > best.length || lines.some(line => widthOf(line) > narrower)) break
    best = lines
  }
  return best
}

function fill(pieces: readonly string[], widthEm: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const piece of pieces) {
    if (current !== '' && widthOf(current + piece.trimEnd()) > widthEm) {
      lines.push(current.trimEnd())
      current = ''
    }
    current += piece
  }
  return [...lines, current.trimEnd()]
}

/** In letters of full width, rather too much: the font is not there where the page is made. */
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, letter) => sum + letterWidth(letter), 0)
}

function letterWidth(letter: string): number {
  if (letter > '\u00ff') return 1
  if (/[ijlftr.,:;'|!()[\]]/.test(letter)) return 0.38
  if (/[mwMW@%]/.test(letter)) return 0.9
  if (/[A-Z0-9_]/.test(letter)) return 0.68
  return letter === ' ' ? 0.35 : 0.58
}

function mm(number: number): number {
  return Math.round(number * 100) / 100
}
