/**
 * A technician's macro for Tera Term 5, which has no jump host: ways 2 and 3. The language is TTL, and the options are TTSSH's,
 * by Tera Term's own manual (macro/command/connect.html, commandline/ttssh.html); no Tera Term was run with it.
 */
import type { Fleet, Technician } from '../fleet-config.ts'
import type { DirectTarget } from './direct-targets.ts'
import { loginConsolesBy } from './login-files.ts'

interface Entry {
  title: string
  host: string
  port: number
  user: string
}

/**
 * @param direct what the technician may open by way 3
 * @param keyFile the private key on the technician's machine; without it, Tera Term asks for a password
 */
export function teraTermMacro(
  fleet: Fleet,
  technician: Technician,
  direct: readonly DirectTarget[],
  keyFile = '',
): string {
  const logins = fleet.relays.flatMap((relay): Entry[] => {
    const count = loginConsolesBy(fleet, relay, technician).length
    const what = count === 1 ? 'your console' : `menu of ${count} consoles`
    const { name, host, port } = relay
    return count === 0 ? [] : [{ title: `${what}, by relay ${name}`, host, port, user: technician.name }]
  })
  const targets = direct.map(({ name, isShell, relay, host, port, user }): Entry => {
    return { title: `${isShell ? `shell of ${name}` : name}, by relay ${relay}`, host, port, user }
  })
  const entries = [...logins, ...targets]
  const lines = [
    `; Consoles of ${technician.name} for Tera Term 5: ttpmacro.exe teraterm.ttl`,
    '; Compare the fingerprint that Tera Term shows the first time with sheet.html.',
    '; BREAK at the relay (menu, your console): Ctrl-] b. BREAK elsewhere: Control > Send break, or sendbreak in a macro.',
    ...(entries.length === 0 ? NONE : opening(entries, keyFile)),
    'end',
    '',
  ]
  return lines.join('\r\n')
}

const NONE = ["messagebox 'You have no console that opens without a jump host: use PuTTY or OpenSSH.' 'oobm'"]

function opening(entries: readonly Entry[], keyFile: string): string[] {
  const arrays = { titles: [], hosts: [], users: [] } as Record<'titles' | 'hosts' | 'users', string[]>
  for (const { title, host, port, user } of entries) {
    arrays.titles.push(title)
    arrays.hosts.push(`${host.includes(':') ? `[${host}]` : host}:${port}`)
    arrays.users.push(user)
  }
  return [
    '; Your private key; empty for a password.',
    `keyfile = ${stringOf(keyFile)}`,
    ...Object.entries(arrays).flatMap(([name, texts]) => [
      `strdim ${name} ${texts.length}`,
      ...texts.map((text, index) => `${name}[${index}] = ${stringOf(text)}`),
    ]),
    "listbox 'Which one?' 'oobm' titles",
    'if result < 0 then',
    '  end',
    'endif',
    'chosen = result',
    'options = hosts[chosen]',
    "strconcat options ' /ssh /2 /ask4passwd /user='",
    'strconcat options users[chosen]',
    'strlen keyfile',
    'if result > 0 then',
    `  strconcat options ' /auth=publickey /keyfile="'`,
    '  strconcat options keyfile',
    `  strconcat options '"'`,
    'else',
    "  strconcat options ' /auth=password'",
    'endif',
    'connect options',
  ]
}

/** A constant of TTL: text in quotes, and characters by their number (macro/syntax/formats.html). */
function stringOf(text: string): string {
  const parts = text.split(/([^ -&(-~]+)/).filter(part => part !== '')
  if (parts.length === 0) return "''"
  return parts
    .map(part => (/^[ -&(-~]/.test(part) ? `'${part}'` : [...Buffer.from(part)].map(byte => `#${byte}`).join('')))
    .join('')
}
