import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { createDialler, type Dialled, type DiallerOptions } from '../../transport/dial.ts'
import { pathOf } from '../../transport/path-of.ts'
import {
  LOGIN,
  makeCertificate,
  PLAIN_PASSWORD,
  proxyAt,
  startHaproxy,
  startSquid,
  startTinyproxy,
} from '../../transport/testing/gateways.ts'
import type { HttpProxy, Rung } from '../../transport/way.ts'
import { connect } from '../ssh/connect.ts'

const test = suite('ways to a relay')

/** A real sshd behind a real HAProxy. */
async function relay(context: TestContext) {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  await writeFile(join(directory, 'authorized_keys'), key.publicKey)
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    authorizedKeys: [join(directory, 'authorized_keys')],
  })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  const pem = await makeCertificate(directory, 'relay')
  const haproxy = await startHaproxy(context, directory, sshd.port, pem)
  return { directory, sshd, key, pem, port: haproxy.port }
}

type Relay = Awaited<ReturnType<typeof relay>>

function dial(rung: Rung, port: number, options: DiallerOptions = {}, host = '127.0.0.1') {
  const dialler = createDialler(options)
  return dialler.dial({ host, port, via: { rung }, timeoutMs: 15_000, signal: new AbortController().signal })
}

function causeOf(dialled: Dialled): string {
  if (!dialled.ok) return dialled.failure.cause
  dialled.transport.stream.destroy()
  return 'greeted'
}

/** Logs in, and runs a command that sends more than any buffer holds. */
async function logIn(rung: Rung, { port, sshd, key }: Relay, options: DiallerOptions = {}, host?: string) {
  const dialled = await dial(rung, port, options, host)
  if (!dialled.ok) throw new Error(`${dialled.failure.kind}: ${dialled.failure.cause}`)
  const { transport } = dialled
  const made = await connect({
    ...{ stream: transport.stream, user: sshd.user, credentials: { privateKey: key.privateKey } },
    ...{ hostKeys: [sshd.hostKey.publicKey], nowMs: () => performance.now(), signal: AbortSignal.timeout(20_000) },
  })
  if (!made.ok) throw new Error(`${made.fault.kind}: ${made.fault.detail}`)
  const { connection } = made
  const run = await connection.exec('head -c 3000000 /dev/zero', AbortSignal.timeout(20_000))
  if (!run.ok) throw new Error(run.cause)
  let bytes = 0
  for await (const part of run.value.stream) bytes += (part as Buffer).length
  await connection.end(AbortSignal.timeout(5_000))
  return { bytes, transport, wasDestroyed: transport.stream.destroyed }
}

test('a login, and 3 MB, by each way', async context => {
  const there = await relay(context)
  const direct = await logIn('direct', there)
  const tls = await logIn('tls', there)
  const tinyproxy = proxyAt(await startTinyproxy(context, there.directory, 'none'))
  const proxied = await logIn('proxy', there, { proxyFor: () => tinyproxy })
  for (const { bytes, wasDestroyed } of [direct, tls, proxied]) assert.equal([bytes, wasDestroyed], [3_000_000, true])
  assert.is(direct.transport.via.certificate, undefined)
  assert.match(tls.transport.via.certificate?.fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  assert.is(tls.transport.via.certificate?.issuer, 'relay Ltd, relay')
  assert.equal(proxied.transport.via.certificate, tls.transport.via.certificate)
  assert.is(proxied.transport.remoteAddress, '127.0.0.1')
})

test('through squid and tinyproxy, with each kind of login', async context => {
  const there = await relay(context)
  const { directory } = there
  const squid = {
    none: proxyAt(await startSquid(context, directory, 'none')),
    basic: proxyAt(await startSquid(context, directory, 'basic')),
    digest: proxyAt(await startSquid(context, directory, 'digest')),
  }
  const tinyproxy = proxyAt(await startTinyproxy(context, directory, 'basic'))
  const by = async (proxy: HttpProxy) => causeOf(await dial('proxy', there.port, { proxyFor: () => proxy }))
  assert.is(await by(squid.none), 'greeted')
  assert.is(await by({ ...squid.basic, ...LOGIN }), 'greeted')
  assert.is(await by({ ...squid.digest, ...LOGIN }), 'greeted')
  assert.is(await by({ ...tinyproxy, user: LOGIN.user, password: PLAIN_PASSWORD }), 'greeted')
  for (const proxy of [squid.basic, squid.digest, tinyproxy]) {
    assert.match(
      await by(proxy),
      /wants another login: it wants a login, and no user and password are configured for it$/,
    )
    assert.match(await by({ ...proxy, user: 'oobm', password: 'x' }), /does not accept the login oobm$/)
  }
})

test('the certificate is verified only where it has to be', async context => {
  const there = await relay(context)
  const other = await makeCertificate(there.directory, 'other')
  const authorities = await readFile(there.pem, 'utf8')
  const lookup = async () => ['127.0.0.1']
  const options = { pathOf: () => ({ ...pathOf(undefined), lookup }) }
  assert.ok((await logIn('tls', there, { ...options, authorities }, 'relay.test')).bytes > 0)
  for (const [host, trusted] of [
    ['relay.test', await readFile(other, 'utf8')],
    ['other.test', authorities],
  ] as const) {
    const refused = await dial('tls', there.port, { ...options, authorities: trusted }, host)
    assert.match(causeOf(refused), new RegExp(`^${host}:\\d+ shows a certificate that is not valid for it: `))
  }
  assert.ok((await logIn('tls', there, options, 'other.test')).bytes > 0)
})

test('says what is wrong on the way', async context => {
  const there = await relay(context)
  const plain = await dial('tls', there.sshd.port)
  assert.match(causeOf(plain), /^127\.0\.0\.1:\d+ does not speak TLS: it offers no SSH within TLS$/)
  const tinyproxy = proxyAt(await startTinyproxy(context, there.directory, 'none'))
  const through = async (rung: Rung, port: number, proxy: HttpProxy = tinyproxy) =>
    causeOf(await dial(rung, port, { proxyFor: () => proxy }))
  assert.match(
    await through('proxy', there.sshd.port),
    /^through the proxy 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+ does not speak TLS/,
  )
  assert.match(
    await through('proxy', await freePort()),
    /^the proxy 127\.0\.0\.1:\d+ opens no way to 127\.0\.0\.1:\d+: it answers 5\d\d /,
  )
  assert.match(
    await through('proxy', 443, { host: '127.0.0.1', port: await freePort() }),
    /^the proxy 127\.0\.0\.1:\d+ refuses connections$/,
  )
  assert.match(
    await through('proxy', 443, { host: '127.0.0.1', port: there.sshd.port }),
    /^the proxy .* its answer is not understood/,
  )
})

test.run()
