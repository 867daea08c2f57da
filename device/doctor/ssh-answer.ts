/** Whether an SSH server answers at an address, and with which host keys, by OpenSSH's ssh-keyscan. */
import { connect } from 'node:net'
import { scanHostKeys } from '../../cli/scan-host-keys.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { type Finding, ok, wrong } from './finding.ts'

export interface Address {
  host: string
  port: number
}

export interface Expectation {
  /** Any of these, `type base64`. */
  hostKeys: readonly string[]
  /** What to do if the port does not open. */
  whenClosed: string
  /** What to do if the host key is another one. */
  whenOther: string
}

/** Bytes of a banner that are worth showing. */
const BANNER_MAX = 255

/** Checks the port, the server's greeting and its host key; stops at the first fault. */
export async function checkSshServer(
  name: string,
  address: Address,
  { hostKeys, whenClosed, whenOther }: Expectation,
  report: (finding: Finding) => void,
  signal: AbortSignal,
): Promise<void> {
  const port = `${name} port`
  const where = `${address.host}:${address.port}`
  let banner: string
  try {
    banner = await readBanner(address, signal)
  } catch (err) {
    return report(wrong(port, `${where} does not open: ${errorCode(err) ?? errorMessage(err)}`, whenClosed))
  }
  report(ok(port, `${where} opens`))
  const service = `${name} SSH`
  if (!banner.startsWith('SSH-2.0-')) {
    const said =
      banner === '' ? 'and closes without an SSH greeting' : `and says ${JSON.stringify(banner.slice(0, 60))}`
    return report(
      wrong(
        service,
        `${where} is not an SSH server: it opens ${said}`,
        'a captive portal or a proxy of this network may answer in its place',
      ),
    )
  }
  report(ok(service, banner))
  const found = await scanHostKeys(address.host, address.port, keyTypes(hostKeys), signal)
  const key = `${name} host key`
  if (found.some(one => hostKeys.includes(one))) return report(ok(key, 'is the expected one'))
  const shown = found.map(one => one.split(' ')[0]).join(', ')
  report(
    found.length === 0
      ? wrong(key, `it has no host key of the type ${keyTypes(hostKeys).join(', ')}`, whenOther)
      : wrong(key, `is not the expected one (${shown}): this is another server`, whenOther),
  )
}

/** The first line from the other end; empty if it closes without one (RFC 4253, section 4.2). */
function readBanner({ host, port }: Address, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    let text = ''
    const done = () => {
      socket.destroy()
      resolve(text.split(/\r?\n/)[0] ?? '')
    }
    const stop = () => socket.destroy(new Error('no answer in time'))
    signal.addEventListener('abort', stop, { once: true })
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      text += chunk
      if (text.includes('\n') || text.length > BANNER_MAX) done()
    })
    socket.once('end', done)
    socket.once('error', reject)
    socket.once('close', () => {
      signal.removeEventListener('abort', stop)
      reject(new Error('closed'))
    })
  })
}

/** The types of these keys as ssh-keyscan names them: `ed25519`, `ecdsa`, `rsa`. */
function keyTypes(hostKeys: readonly string[]): string[] {
  return [...new Set(hostKeys.map(key => /^(?:ssh-)?([a-z0-9]+)/.exec(key)?.[1] ?? 'ed25519'))]
}
