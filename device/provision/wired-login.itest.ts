/** From the file that a person writes to a cable that lets it in: `oobm provision`, wpa_supplicant as its unit starts it, and hostapd in place of switch and RADIUS. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { provision } from './provision.ts'
import { type Authority, type Certified, encryptKey, makeAuthority } from './testing/authority.ts'
import { makeBoard } from './testing/board.ts'
import { type Account, renderLoginServer, renderUsers } from './testing/login-server.ts'

const test = suite('login on a cable')
const UNIT = join(import.meta.dirname, '../../packaging/device/files/usr/lib/systemd/system/oobm-wpa@.service')
const DIRECTORY = '/run/oobm-provision'
const SERVER = 'radius.example.net'
const ACCOUNT = { identity: 'rack1@example.net', password: 'a password' }

interface Site {
  directory: string
  authority: Authority
  client: Certified
  /** An `oobm.toml` with this in `[interfaces.eap]`, and what came of it. */
  login(eap: string): Promise<Login>
}

interface Login {
  isIn: boolean
  /** What the board's wpa_supplicant said. */
  board: string
  /** Who the server was told to be talking to, in the clear first. */
  names: string[]
}

async function startSite(context: TestContext, accounts: readonly Account[] = [ACCOUNT]): Promise<Site> {
  const directory = await scratchDirectory(context)
  const authority = await makeAuthority(directory, 'authority')
  const server = await authority.issue(SERVER)
  const users = join(directory, 'users')
  await writeFile(users, renderUsers(accounts))
  const config = join(directory, 'hostapd.conf')
  // Its clock is right, and the certificates are not of today.
  const lines = ['interface=far0', 'driver=wired', 'use_pae_group_addr=1', 'tls_flags=[DISABLE-TIME-CHECKS]']
  await writeFile(config, [...lines, ...renderLoginServer(users, server, authority), ''].join('\n'))
  return {
    ...{ directory, authority, client: await authority.issue('rack1.example.net') },
    login: eap => login(context, config, eap),
  }
}

async function login(context: TestContext, config: string, eap: string): Promise<Login> {
  const board = await makeBoard(context)
  await board.put('oobm.toml', `${board.issue()}\n[[interfaces]]\nname = "eth0"\n[interfaces.eap]\n${eap}\n`)
  const options = { root: board.root, boot: board.boot, directory: DIRECTORY, wallMs: 0, say: () => {} }
  assert.is(await provision(options), undefined)
  const enter = [
    'mount -t tmpfs none /run',
    `mkdir ${DIRECTORY}`,
    `mount --bind "$1" ${DIRECTORY}`,
    'ip link add eth0 type veth peer name far0',
    'ip link set far0 up',
    'ip link set eth0 up',
    'exec hostapd -dd -K "$2"',
  ]
  const shell = ['-ec', enter.join('\n'), 'sh', join(board.root, DIRECTORY), config]
  const port = start(context, 'unshare', ['-m', '-n', '--propagation', 'private', 'sh', ...shell])
  await port.says(/AP-ENABLED/)
  const inside = ['--target', String(port.pid), '--mount', '--net', '--']
  const supplicant = start(context, 'nsenter', [...inside, ...(await startedByUnit('eth0'))])
  await supplicant.says(/CTRL-EVENT-(EAP-FAILURE|CONNECTED|EAP-TLS-CERT-ERROR)/)
  const isIn = /CTRL-EVENT-CONNECTED/.test(supplicant.output())
  if (isIn) await port.says(/CTRL-EVENT-EAP-SUCCESS/)
  const names = namesTold(port.output())
  await supplicant.stop()
  await port.stop()
  return { isIn, board: supplicant.output(), names }
}

function start(context: TestContext, command: string, args: string[]): Program {
  const program = startProgram(command, args)
  context.cleanup(() => program.stop())
  return program
}

async function startedByUnit(name: string): Promise<string[]> {
  const [, line] = /^ExecStart=(.*)$/m.exec(await readFile(UNIT, 'utf8')) ?? []
  return line?.replaceAll('%I', name).split(' ') ?? []
}

/** Of hostapd's log: `EAP-Identity: Peer identity - hexdump_ascii(len=…):` and lines of 16 bytes. */
function namesTold(log: string): string[] {
  const dumps = log.matchAll(
    /(?:EAP-Identity: Peer identity|EAP-TTLS: User-Name|EAP-MSCHAPV2: Name) - hexdump_ascii\(len=(\d+)\):\n((?: {5}.*\n)*)/g,
  )
  return [...dumps].map(([, length, lines = '']) => {
    const digits = lines.split('\n').map(line => line.slice(5, 53).replaceAll(' ', ''))
    return Buffer.from(digits.join(''), 'hex').subarray(0, Number(length)).toString()
  })
}

if (
  spawnSync('sh', ['-c', 'command -v hostapd && test -x /usr/sbin/wpa_supplicant && unshare -m -n true']).status !== 0
) {
  test.skip('each kind of login lets it in', 'needs root, hostapd and wpasupplicant')
} else {
  test(
    'each kind of login works, and sends unencrypted no more than the file says',
    async context => {
      const accounts: Account[] = [
        ACCOUNT,
        { identity: 'CORP\\rack1', password: 'a password' },
        { identity: 'Büro "Süd" 東京', password: ' Schlüssel "x" \\ # {}= \'漢\' ' },
      ]
      const { login, authority, client, directory } = await startSite(context, accounts)
      const other = await makeAuthority(directory, 'other')
      const [own, corp, named] = accounts.map(account => textOf(account)) as [string, string, string]
      const ca = pem('ca', authority.certificate)
      const anonymous = 'anonymous_identity = "anonymous@example.net"\n'
      const password = 'Geheim "1" \\ é'
      const withKey = (key: string) =>
        `method = "tls"\nidentity = "rack1.example.net"\n${ca}${pem('client_certificate', client.certificate)}${pem('client_key', key)}`
      const locked = async (form: 'pkcs8' | 'traditional') =>
        `${withKey(await encryptKey(client.keyPath, password, form))}client_key_password = ${JSON.stringify(password)}\n`
      const rows: [what: string, eap: string, names: string[]][] = [
        ['PEAP', `method = "peap"\n${own}${ca}`, [ACCOUNT.identity]],
        ['PEAP, anonymous', `method = "peap"\n${own}${anonymous}${ca}`, ['anonymous@example.net', ACCOUNT.identity]],
        [
          'TTLS with PAP',
          `method = "ttls"\ninner = "pap"\n${own}${anonymous}${ca}`,
          ['anonymous@example.net', ACCOUNT.identity],
        ],
        ['TTLS with MSCHAPv2', `method = "ttls"\n${own}${anonymous}${ca}`, ['anonymous@example.net', ACCOUNT.identity]],
        ['PEAP, a Windows domain', `method = "peap"\n${corp}${ca}`, ['CORP\\rack1']],
        ['PEAP, all letters', `method = "peap"\n${named}${ca}`, ['Büro "Süd" 東京']],
        ['TTLS with PAP, all letters', `method = "ttls"\ninner = "pap"\n${named}${ca}`, ['Büro "Süd" 東京']],
        ['the server by its name', `method = "peap"\n${own}${ca}domain = "${SERVER}"\n`, [ACCOUNT.identity]],
        ['the server by its domain', `method = "peap"\n${own}${ca}domain = "example.net"\n`, [ACCOUNT.identity]],
        [
          'two authorities, as Windows writes',
          `method = "peap"\n${own}${pem('ca', other.certificate + authority.certificate)}`.replaceAll('\n', '\r\n'),
          [ACCOUNT.identity],
        ],
        ['a server that is not checked', `method = "peap"\n${own}verify = false\n`, [ACCOUNT.identity]],
        ['TLS', withKey(client.key), ['rack1.example.net']],
        ['TLS, a key with a password', await locked('pkcs8'), ['rack1.example.net']],
        ['TLS, a key with a password in its old form', await locked('traditional'), ['rack1.example.net']],
      ]
      // Side by side: wpa_supplicant waits two seconds for the switch to begin.
      await Promise.all(
        rows.map(async ([what, eap, names]) => {
          const { isIn, names: told, board } = await login(eap)
          assert.ok(isIn, `${what}: ${board}`)
          assert.equal([...new Set(told)], names, what)
        }),
      )
    },
    { timeoutMs: 120_000 },
  )

  test(
    'no other server gets the password, and a wrong password is refused',
    async context => {
      const { login, authority, client, directory } = await startSite(context)
      const other = await makeAuthority(directory, 'other')
      const stranger = await other.issue('rack1.example.net')
      const ca = pem('ca', authority.certificate)
      const peap = `method = "peap"\nanonymous_identity = "anonymous"\n${textOf(ACCOUNT)}`
      const tls = `method = "tls"\nidentity = "rack1.example.net"\n`
      const rows: [what: string, eap: string, why: RegExp, names: string[]][] = [
        [
          'another authority',
          peap + pem('ca', other.certificate),
          /CERT-ERROR.*(self-signed|unable to get local issuer)/,
          ['anonymous'],
        ],
        [
          'another name',
          `${peap}${ca}domain = "radius.example.org"\n`,
          /CERT-ERROR.*Domain suffix mismatch/,
          ['anonymous'],
        ],
        [
          'half a name',
          `${peap}${ca}domain = "adius.example.net"\n`,
          /CERT-ERROR.*Domain suffix mismatch/,
          ['anonymous'],
        ],
        [
          'a wrong password',
          `method = "peap"\n${textOf({ ...ACCOUNT, password: 'A password' })}${ca}`,
          /CTRL-EVENT-EAP-FAILURE/,
          [ACCOUNT.identity],
        ],
        [
          'a wrong password, PAP',
          `method = "ttls"\ninner = "pap"\n${textOf({ ...ACCOUNT, password: 'A password' })}${ca}`,
          /CTRL-EVENT-EAP-FAILURE/,
          [ACCOUNT.identity],
        ],
        [
          'a certificate of another authority',
          `${tls}${ca}${pem('client_certificate', stranger.certificate)}${pem('client_key', stranger.key)}`,
          /CTRL-EVENT-EAP-FAILURE/,
          ['rack1.example.net'],
        ],
      ]
      await Promise.all(
        rows.map(async ([what, eap, why, names]) => {
          const { isIn, names: told, board } = await login(eap)
          assert.not(isIn, what)
          assert.match(board, why, what)
          assert.equal([...new Set(told)], names, what)
        }),
      )
      assert.ok(
        (await login(`${tls}${ca}${pem('client_certificate', client.certificate)}${pem('client_key', client.key)}`))
          .isIn,
      )
    },
    { timeoutMs: 120_000 },
  )
}

function pem(key: string, text: string): string {
  return `${key} = """\n${text}"""\n`
}

/** JSON's strings are TOML's too. */
function textOf({ identity, password }: Account): string {
  return `identity = ${JSON.stringify(identity)}\npassword = ${JSON.stringify(password)}\n`
}

test.run()
