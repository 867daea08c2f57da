/** Real programs between a device and its relay, on 127.0.0.1: HAProxy in front of sshd, and HTTP proxies with each kind of login. */
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts } from '../../testbed/accepts.ts'
import { freePort, freePorts } from '../../testbed/free-port.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { HttpProxy } from '../way.ts'

export interface Where {
  /** The address that it listens on; 127.0.0.1 unless it is given. */
  address?: string
  /** What it runs under, such as `['ip', 'netns', 'exec', 'NAME']`. */
  under?: string[]
  /** A free one of this machine unless it is given. */
  port?: number
}

export interface Gateway {
  port: number
  program: Program
}

/** Who may use a proxy with a login. */
export const LOGIN = { user: 'oobm', password: 'p"ss word' }

/** A certificate of its own authority, and its private key, in one PEM file. */
export async function makeCertificate(directory: string, name: string): Promise<string> {
  const [key, certificate, both] = ['key', 'crt', 'pem'].map(end => join(directory, `${name}.${end}`)) as [
    string,
    string,
    string,
  ]
  const subject = ['-subj', `/O=${name} Ltd/CN=${name}`, '-addext', 'subjectAltName=DNS:relay.test,IP:127.0.0.1']
  const made = await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'],
    ...[...subject, '-keyout', key, '-out', certificate],
  ])
  if (made.code !== 0) throw new Error(made.stderr)
  await writeFile(both, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')))
  return both
}

/** One port for SSH and for SSH within TLS, told apart by the first bytes, as a relay has it. */
export async function startHaproxy(
  context: TestContext,
  directory: string,
  sshPort: number,
  pem: string,
  { address = '127.0.0.1', under = [] }: Where = {},
): Promise<Gateway> {
  const [port, inner] = (await freePorts(2)) as [number, number]
  const file = join(directory, `haproxy-${port}.cfg`)
  await writeFile(
    file,
    `global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend relay
  bind ${address}:${port}
  tcp-request inspect-delay 1s
  tcp-request content accept if { req.len gt 0 }
  use_backend tls if { req.ssl_hello_type 1 }
  default_backend ssh
backend tls
  server inner 127.0.0.1:${inner}
frontend inner
  bind 127.0.0.1:${inner} ssl crt ${pem}
  default_backend ssh
backend ssh
  server sshd 127.0.0.1:${sshPort}
`,
  )
  return start(context, port, [...under, 'haproxy', '-db', '-f', file], address)
}

export async function startSquid(
  context: TestContext,
  directory: string,
  login: 'none' | 'basic' | 'digest',
  { address = '127.0.0.1', under = [], port: wanted }: Where = {},
): Promise<Gateway> {
  const port = wanted ?? (await freePort())
  const own = join(directory, `squid-${port}`)
  await mkdir(own)
  await chmod(own, 0o777)
  await chmod(directory, 0o755)
  const realm = 'the "quoted" realm'
  const hash = createHash('md5').update(`${LOGIN.user}:squid:${LOGIN.password}`).digest('hex')
  await writeFile(join(own, 'digest'), `${LOGIN.user}:squid:${hash}\n`)
  const crypted = await runProgram('openssl', ['passwd', '-apr1', LOGIN.password])
  await writeFile(join(own, 'basic'), `${LOGIN.user}:${crypted.stdout.trim()}\n`)
  const methods = {
    none: [],
    basic: [`auth_param basic program /usr/lib/squid/basic_ncsa_auth ${own}/basic`, `auth_param basic realm ${realm}`],
    digest: [
      `auth_param digest program /usr/lib/squid/digest_file_auth -c ${own}/digest`,
      'auth_param digest realm squid',
    ],
  }
  await writeFile(
    join(own, 'squid.conf'),
    [
      `http_port ${address}:${port}`,
      `pid_filename ${own}/pid`,
      `cache_log ${own}/cache.log`,
      'access_log none',
      'cache deny all',
      'pinger_enable off',
      'shutdown_lifetime 0 seconds',
      `coredump_dir ${own}`,
      ...methods[login],
      ...(login === 'none'
        ? ['http_access allow CONNECT']
        : ['acl known proxy_auth REQUIRED', 'http_access allow CONNECT known']),
      'http_access deny all',
      '',
    ].join('\n'),
  )
  context.onFailure(() => readFile(join(own, 'cache.log'), 'utf8').catch(() => 'squid has no log'))
  return start(context, port, [...under, 'squid', '--foreground', '-N', '-f', join(own, 'squid.conf')], address)
}

export async function startTinyproxy(
  context: TestContext,
  directory: string,
  login: 'none' | 'basic',
  { address = '127.0.0.1', under = [], port: wanted }: Where = {},
): Promise<Gateway> {
  const port = wanted ?? (await freePort())
  const file = join(directory, `tinyproxy-${port}.conf`)
  const lines = [`Port ${port}`, `Listen ${address}`, 'Timeout 600', 'MaxClients 20', 'LogLevel Error']
  if (login === 'basic') lines.push(`BasicAuth ${LOGIN.user} ${PLAIN_PASSWORD}`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return start(context, port, [...under, 'tinyproxy', '-d', '-c', file], address)
}

/** tinyproxy's configuration has no quotes. */
export const PLAIN_PASSWORD = 'plain-password'

async function start(
  context: TestContext,
  port: number,
  [command = '', ...args]: string[],
  address = '127.0.0.1',
): Promise<Gateway> {
  const program = startProgram(command, args)
  context.cleanup(() => program.stop())
  context.onFailure(() => `${command}: ${program.output()}`)
  await waitFor(`${[command, ...args].join(' ')} to listen`, async () => {
    if (program.ended()) throw new Error(`${command} ended: ${program.output()}`)
    // In another network namespace nobody here can ask.
    return address === '127.0.0.1' ? accepts(port) : listensIn(program.pid, port)
  })
  return { port, program }
}

/** Whether something listens on that port in the network namespace of a process (proc(5), net/tcp). */
async function listensIn(pid: number, port: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => '')
  return new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} 0{8}:0000 0A`).test(text)
}

/** Where a gateway is, with a login or without. */
export function proxyAt({ port }: Gateway, login: Partial<HttpProxy> = {}): HttpProxy {
  return { host: '127.0.0.1', port, ...login }
}
