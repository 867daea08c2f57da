/** A terminal of the page, live or replayed: whatever it shows is bounded, and an address leads nowhere without a question. */
import { WebLinksAddon } from '@xterm/addon-web-links'
import { type ITerminalInitOnlyOptions, type ITerminalOptions, Terminal } from '@xterm/xterm'
import { tameTerminal } from './tame-terminal.ts'

const LOOKS: ITerminalOptions = {
  theme: { background: '#101418', foreground: '#e6e6e6', cursor: '#ffd866', selectionBackground: '#3d5a80' },
  fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
  screenReaderMode: true,
}
/** Characters of one write: between two of them xterm.js lets the page do other things every 12 ms. */
const PIECE = 1_024

/** @param onLink gets an address in the output that was clicked */
export function createGuardedTerminal(
  options: ITerminalOptions & ITerminalInitOnlyOptions,
  onLink: (address: string) => void,
): Terminal {
  const term = new Terminal({ ...LOOKS, ...options })
  term.loadAddon(new WebLinksAddon((_event, address) => onLink(address)))
  tameTerminal(term)
  return term
}

/** Leaves the page time for everything else, however much it is. */
export function writeInPieces(term: Terminal, text: string, drawn: () => void): void {
  const last = Math.max(0, Math.ceil(text.length / PIECE) - 1) * PIECE
  for (let at = 0; at < last; at += PIECE) term.write(text.slice(at, at + PIECE))
  term.write(text.slice(last), drawn)
}
