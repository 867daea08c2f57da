/** How the page speaks to its desk: the session's secret, questions, and WebSockets. */

/** Kept for this tab alone: a cookie would go to every port of this machine. */
const KEY = 'oobm-desk'
const SUBPROTOCOL = 'oobm-desk'
/** Milliseconds between two attempts to reach a desk that does not answer. */
const AGAIN_MS = 2_000

/** @returns false where this tab has no way in */
export async function enter(): Promise<boolean> {
  const meta = document.querySelector<HTMLMetaElement>('meta[name=oobm-secret]')
  const given = meta?.content ?? ''
  meta?.remove()
  const token = /^#([0-9a-f]{64})$/.exec(location.hash)?.[1]
  if (given !== '') keep(given)
  else if (token !== undefined) {
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await fetch('/enter', { method: 'POST', headers, body: `token=${token}` })
    if (answer.ok) keep(((await answer.json()) as { secret: string }).secret)
  }
  // Neither a reload nor the history has the token.
  if (given !== '' || token !== undefined) history.replaceState(null, '', '/')
  return secret() !== ''
}

function keep(value: string): void {
  sessionStorage.setItem(KEY, value)
}

function secret(): string {
  return sessionStorage.getItem(KEY) ?? ''
}

export class DeskProblem extends Error {}

/** @throws DeskProblem with a text for the person */
export async function ask<T>(path: string, question: unknown): Promise<T> {
  const headers = { 'x-oobm-desk': secret(), 'content-type': 'application/json' }
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(question) }).catch(() => {
    throw new DeskProblem('the desk does not answer')
  })
  const isJson = answer.headers.get('content-type') === 'application/json'
  if (answer.ok && isJson) return (await answer.json()) as T
  const text = isJson ? ((await answer.json()) as { problem: string }).problem : await answer.text()
  throw new DeskProblem(text.trim())
}

export function openSocket(path: string): WebSocket {
  const socket = new WebSocket(`ws://${location.host}${path}`, [SUBPROTOCOL, `${SUBPROTOCOL}.${secret()}`])
  socket.binaryType = 'arraybuffer'
  return socket
}

/** Reads the messages of a path for as long as the page is there. */
export function follow<T>(path: string, onMessage: (message: T) => void, onLink: (isUp: boolean) => void): void {
  const socket = openSocket(path)
  socket.addEventListener('open', () => onLink(true))
  socket.addEventListener('message', event => onMessage(JSON.parse(String(event.data)) as T))
  socket.addEventListener('close', () => {
    onLink(false)
    setTimeout(() => follow(path, onMessage, onLink), AGAIN_MS)
  })
}
