/** The real program, started by systemd's own socket activation, and asked by clients good and bad. */
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { stringifyToml } from '../../formats/toml-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { minimal, statusNow } from '../../supervisor/testing/device.ts'
import { freePort } from '../../testbed/free-port.ts'
import { programArgs } from '../../testbed/programs.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const test = suite('oobm-page')
const ADDRESS = '127.0.0.1'
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'

interface Answer {
  code: number
  headers: Record<string, unknown>
  body: string
}

const configWith = (enabled: boolean) => stringifyToml({ ...minimal(HOST_KEY, {}), page: { enabled } })

async function startPage(context: TestContext, more: Record<string, string> = {}) {
  const root = await scratchDirectory(context)
  const at = (path: string) => join(root, path)
  for (const folder of [
    'run/oobm',
    'run/oobm-console',
    'run/oobm-provision',
    'run/oobm-router/192.168.77.1',
    'proc/device-tree',
    'sys',
    'dev',
  ])
    await mkdir(at(folder), { recursive: true })
  await writeFile(at('proc/device-tree/serial-number'), '10000000a1b2c3d4\0')
  await writeFile(at('run/oobm-provision/language'), 'ja\n')
  const env: Record<string, string> = {
    ...{ RUNTIME_DIRECTORY: at('run/oobm'), OOBM_CONSOLE_RUNTIME_DIRECTORY: at('run/oobm-console') },
    ...{ OOBM_PROVISION_DIRECTORY: at('run/oobm-provision'), OOBM_CONFIG: at('device.toml'), OOBM_ROOT: root },
    ...{ OOBM_SYSFS: at('sys'), OOBM_DEV: at('dev'), OOBM_ROUTER_RUNTIME_DIRECTORY: at('run/oobm-router'), ...more },
  }
  const port = await freePort()
  const setenv = Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`)
  const program = startProgram('systemd-socket-activate', [
    ...[`--listen=${ADDRESS}:${port}`, ...setenv],
    ...[process.execPath, ...programArgs('device/page/main.ts'), ADDRESS],
  ])
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  await program.says(/Listening on/)
  const ask = (path: string, { method = 'GET', host = `${ADDRESS}:${port}` } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const asked = request({ host: ADDRESS, port, path, method, headers: { host }, timeout: 30_000 }, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.once('end', () => {
          const { statusCode: code = 0, headers } = response
          resolve({ code, headers, body: Buffer.concat(chunks).toString() })
        })
      })
      asked.once('error', reject)
      asked.end()
    })
  const write = (path: string, text: string) => writeFile(at(path), text)
  const status = (changes: object) => write('run/oobm/status.json', JSON.stringify({ ...statusNow(), ...changes }))
  return { ask, write, status, port, program }
}

test('a board without settings shows its serial number and what is missing, in the language of the site', async context => {
  const { ask, write, status } = await startPage(context)
  await write('run/oobm-provision/fault', 'the boot partition: there is no oobm.toml <b>on this card</b>\n')
  await status({ state: 'unconfigured' })
  const { code, headers, body } = await ask('/')
  assert.equal([code, headers['content-type']], [200, 'text/html; charset=utf-8'])
  for (const part of ['<html lang="ja">', '未設定', '10000000a1b2c3d4', 'no oobm.toml &lt;b&gt;on'])
    assert.ok(body.includes(part), `${part}\n${body}`)
  assert.match((await ask('/en')).body, '<html lang="en">')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  assert.equal([headers['cache-control'], headers['x-content-type-options']], ['no-store', 'nosniff'])
})

test('what a relay or a target says is text; what a silent supervisor said last is not shown', async context => {
  const { ask, status } = await startPage(context)
  await status({ cause: '<script>alert(1)</script>\u001b[2J' })
  const { body } = await ask('/en')
  assert.match(body, 'a technician can get in')
  assert.match(body, '&lt;script&gt;')
  assert.not.match(body, /<script|\u001b/)
  await status({ pid: 1, heartbeat: { ...heartbeatNow(), uptimeMs: heartbeatNow().uptimeMs - 60_000 } })
  const silent = (await ask('/en')).body
  assert.match(silent, 'has not answered for')
  assert.match(silent, 'The LED now: not-running')
  assert.not.match(silent, 'a technician can get in')
})

test('shows the bytes that others may use today, and says so when nobody counts', async context => {
  const { ask, write, status } = await startPage(context)
  await status({})
  await write('run/oobm-provision/router-192.168.77.1', '{}')
  await write('device.toml', stringifyToml(minimal(HOST_KEY, {})))
  assert.not.match((await ask('/en')).body, 'Data for others')
  await write('device.toml', stringifyToml(minimal(HOST_KEY, { uplinks: [{ interface: 'wwan0', budgetMbDay: 500 }] })))
  assert.match((await ask('/en')).body, 'The program that counts does not answer')
  const router = (heartbeat: object) =>
    write(
      'run/oobm-router/192.168.77.1/status.json',
      JSON.stringify({
        ...{ version: 1, heartbeat, interface: 'eth0', address: '192.168.77.1', routes: true, problems: [], dns: [] },
        ...{ uplink: { name: 'wwan0', why: '', kbit: null }, dhcp: null, upBytes: 1, downBytes: 1, refusedPackets: 0 },
        budget: { bytes: 500e6, usedBytes: 123e6, resetsAt: Date.UTC(2027, 1, 1, 15), zone: 'Asia/Tokyo' },
      }),
    )
  const { bootId, uptimeMs } = heartbeatNow()
  await router({ bootId, uptimeMs: uptimeMs - 7_000 })
  const { body } = await ask('/en')
  assert.match(
    body,
    /wwan0: 123 MB of 500 MB used<small>Begins anew at 2027-02-02 00:00 Asia\/Tokyo · counted (7|8|9) s ago/,
  )
  await router({ bootId, uptimeMs: uptimeMs - 120_000 })
  const old = (await ask('/en')).body
  assert.match(old, 'The program that counts does not answer')
  assert.not.match(old, '123 MB')
})

test('answers GET and HEAD of its own pages alone, and only by its own names', async context => {
  const { ask, port } = await startPage(context)
  const cases: [string, Parameters<typeof ask>[1], number][] = [
    ['/', { host: 'evil.example' }, 421],
    ['/', { host: `${ADDRESS}.evil.example` }, 421],
    ['/', { host: `OOBM-10000000A1B2C3D4.local:${port}` }, 200],
    ['/', { method: 'POST' }, 405],
    ['/', { method: 'DELETE' }, 405],
    ['/../../etc/passwd', {}, 404],
    ['/favicon.ico', {}, 404],
    ['/en?x=<script>', {}, 200],
  ]
  for (const [path, options, expected] of cases) {
    const { code, body } = await ask(path, options)
    assert.is(code, expected, `${path} ${JSON.stringify(options)}`)
    assert.not.match(body, /<script/)
  }
  const head = await ask('/ja', { method: 'HEAD' })
  assert.equal([head.code, head.body, Number(head.headers['content-length']) > 1_000], [200, '', true])
})

test('slow clients and too many of them are cut off, and the next one is served', async context => {
  const { ask, port } = await startPage(context)
  await ask('/')
  const slow: Socket[] = []
  context.cleanup(() => {
    for (const socket of slow) socket.destroy()
  })
  for (let count = 0; count < 14; count++) {
    const socket = connect(port, ADDRESS)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nHost: ')
    socket.resume()
    slow.push(socket)
  }
  await waitFor('those beyond the limit to be cut off', () => slow.filter(socket => socket.closed).length >= 2)
  await waitFor('all to be cut off', () => slow.every(socket => socket.closed), { timeoutMs: 30_000 })
  assert.is((await ask('/')).code, 200)
})

test('is switched off by the configuration, at once', async context => {
  const { ask, write } = await startPage(context)
  await write('device.toml', configWith(false))
  const { code, body } = await ask('/')
  assert.equal([code, body], [404, 'The page is switched off on this device.\n'])
  await write('device.toml', configWith(true))
  assert.is((await ask('/')).code, 200)
})

test('ends when nobody has looked for a while', async context => {
  const { ask, program } = await startPage(context, { OOBM_PAGE_IDLE_MS: '300' })
  assert.is((await ask('/')).code, 200)
  await waitFor('the program to end', program.ended)
  assert.is(program.child.exitCode, 0)
})

test.run()
