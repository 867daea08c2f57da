/** Names, asked over one interface: by systemd-resolved, which knows the name servers of each (resolvectl(1)). */
import { execFile } from 'node:child_process'
import { isIP } from 'node:net'
import { type Lookup, systemLookup } from './names.ts'

/** Milliseconds; systemd-resolved itself gives up after about twenty seconds. */
const TIMEOUT_MS = 30_000
/** What it says of a name that the name server does not know, or that has no address. */
const MISSING = /not found|does not have any RR/

/**
 * Where systemd-resolved does not run, the system's resolver is asked: by whatever route leads to its name servers. A name
 * then stays unknown while that is the one that is out of order, and the last good address is used.
 */
export function resolveOver(interfaceName: string, fallback: Lookup = systemLookup): Lookup {
  return (host, family) =>
    new Promise((resolve, reject) => {
      const only = family === 6 ? ['-6'] : []
      const args = ['query', '--legend=no', ...only, '--interface', interfaceName, '--', host]
      const env = { PATH: process.env.PATH, LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' }
      execFile('resolvectl', args, { timeout: TIMEOUT_MS, env }, (err, stdout, stderr) => {
        if (!err) return resolve(addressesIn(stdout))
        if (MISSING.test(stderr)) return reject(Object.assign(new Error(stderr.trim()), { code: 'ENOTFOUND' }))
        fallback(host, family).then(resolve, reject)
      })
    })
}

/** `NAME: ADDRESS -- link: IF`, and a line for each further address; a link-local one has its scope. */
export function addressesIn(text: string): string[] {
  return text.split('\n').flatMap(line => {
    const [answer = ''] = line.split(' -- ')
    const address = answer.trim().split(/\s+/).at(-1) ?? ''
    return isIP(address) === 0 ? [] : [address]
  })
}
