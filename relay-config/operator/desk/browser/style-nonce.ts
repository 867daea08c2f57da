/** xterm.js writes the style of a terminal into elements of its own: they get the nonce by which the page's policy knows them. */

/** Must run before a terminal is opened. */
export function giveStylesTheNonce(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=oobm-nonce]')?.content ?? ''
  const create = document.createElement
  document.createElement = function (this: Document, ...args: Parameters<typeof create>) {
    const element = create.apply(this, args)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  } as typeof create
}
