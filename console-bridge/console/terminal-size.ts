/** The size of a technician's terminal; pure. */

export interface TerminalSize {
  columns: number
  rows: number
}

/** What a terminal may claim: RFC 4254 has 32 bits. */
const SIDE_MAX = 1_000

/** @returns undefined for a terminal that does not know its size (RFC 4254 section 6.2: zero), or claims nonsense */
export function terminalSize(columns: number, rows: number): TerminalSize | undefined {
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= SIDE_MAX
  return isSide(columns) && isSide(rows) ? { columns, rows } : undefined
}

export function sizeText({ columns, rows }: TerminalSize): string {
  return `${columns}x${rows}`
}

/** The reverse of {@link sizeText}. */
export function parseSize(text: string | undefined): TerminalSize | undefined {
  const [, columns, rows] = /^(\d{1,4})x(\d{1,4})$/.exec(text ?? '') ?? []
  return terminalSize(Number(columns), Number(rows))
}
