/** HTTP by curl, and by sockets that do not behave. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { startFileDrop } from '../testing/served.ts'

const test = suite('HTTP of the file drop')
const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function client(context: TestContext, settings: object = {}) {
  const drop = await startFileDrop(context, settings)
  const cwd = await scratchDirectory(context)
  const curl = async (...args: string[]) => {
    const format = ['-w', '\n%{http_code}']
    const { stdout } = await runProgram('curl', ['-sS', '--path-as-is', ...format, ...args], { cwd, timeoutMs: 60_000 })
    const at = stdout.lastIndexOf('\n')
    return { body: stdout.slice(0, at), status: stdout.slice(at + 1) }
  }
  return { ...drop, cwd, curl }
}

test('gives a file whole, in parts, and not again where it is the same', async context => {
  const { read, http, cwd, curl, recorded } = await client(context)
  const image = randomBytes(3_000_000)
  await writeFile(join(read, 'ios bin'), image)
  const url = `${http}/ios%20bin`
  assert.is((await curl('-o', 'got', url)).status, '200')
  assert.is(sum(await readFile(join(cwd, 'got'))), sum(image))
  await writeFile(join(cwd, 'got'), image.subarray(0, 1_000_000))
  assert.is((await curl('-o', 'got', '-C', '-', url)).status, '206')
  assert.is(sum(await readFile(join(cwd, 'got'))), sum(image))
  const tag = /etag: (.*)/i.exec((await curl('-I', url)).body)?.[1]?.trim() ?? ''
  assert.is((await curl('-H', `If-None-Match: ${tag}`, url)).status, '304')
  assert.is((await curl('-r', '0-9', '-H', 'If-Range: "other"', '-o', 'got', url)).status, '200')
  assert.is((await curl('-r', '3000000-', url)).status, '416')
  await recorded({ how: 'http', file: 'ios bin', what: 'took', bytes: 3_000_000, whole: true })
  await recorded({ file: 'ios bin', bytes: 2_000_000, whole: true })
})

test('shows folders, and neither hidden names, uploads nor links that lead out', async context => {
  const { read, http, curl } = await client(context)
  await mkdir(join(read, 'a b'))
  await writeFile(join(read, 'a b/f'), '')
  await writeFile(join(read, '.hidden'), 'x')
  await writeFile(join(read, 'mine'), 'x', { mode: 0o600 })
  await symlink('/etc/passwd', join(read, 'out'))
  await symlink('a b/f', join(read, 'in'))
  const { body } = await curl(`${http}/`)
  assert.match(body, 'href="./a%20b/"')
  assert.match(body, '>in<')
  for (const name of ['hidden', 'mine', 'out', 'upload']) assert.not.match(body, name)
  assert.match((await curl('-L', `${http}/a%20b`)).body, '>f<')
  assert.match((await curl('-I', `${http}//a%20b`)).body, /location: \.\/a%20b\//i)
})

test('lets no name lead out', async context => {
  const { read, upload, root, http, curl } = await client(context)
  await writeFile(join(root, 'secret'), 'secret')
  await writeFile(join(upload, 'confg'), 'secret')
  await symlink('../..', join(read, 'up'))
  for (const path of [
    '/../../secret',
    '/%2e%2e/%2e%2e/secret',
    '/..%2f..%2fsecret',
    '/..%5c..%5csecret',
    '/%252e%252e/secret',
    '/%c0%ae%c0%ae/secret',
    '/up/secret',
    '/upload/confg',
    '/UPLOAD/../upload/confg',
    '/%00',
    '/a%0d%0aX-Evil:%201',
    '/%zz',
  ]) {
    const { status, body } = await curl(`${http}${path}`)
    assert.match(status, /^40[034]$/, path)
    assert.not.match(body, 'secret', path)
  }
  assert.match((await curl('--request-target', 'http://other/../../secret', http)).status, /^40/)
})

test('keeps what is put, never over another one, and only whole', async context => {
  const { upload, http, cwd, curl, recorded } = await client(context)
  await writeFile(join(cwd, 'confg'), 'hostname sw1\n')
  assert.is((await curl('-T', 'confg', `${http}/upload/`)).body, 'confg: 13 bytes are kept\n')
  assert.is((await curl('-T', 'confg', `${http}/confg`)).body, 'confg.1: 13 bytes are kept\n')
  for (const path of ['/upload/../x', '/upload/%2e%2e%2fx', '/.x', '/a%0ab', '/upload/upload/x'])
    assert.is((await curl('-T', 'confg', `${http}${path}`)).status, '400', path)
  assert.is((await curl('-X', 'DELETE', `${http}/confg`)).status, '405')
  const big = await curl('-T', 'confg', '-H', 'Content-Length: 9000000000000000', `${http}/big`)
  assert.is(big.status, '507')

  const port = Number(new URL(http).port)
  const cut = connect(port, '127.0.0.1')
  cut.write('PUT /upload/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf')
  await waitFor('a part', async () => (await readdir(upload)).some(name => name.startsWith('.part')))
  cut.destroy()
  await recorded({ file: 'cut', what: 'put', whole: false, bytes: 4 })
  assert.equal((await readdir(upload)).sort(), ['confg', 'confg.1'])
})

test('takes nothing where uploads are off', async context => {
  const { http, cwd, curl } = await client(context, { upload: false })
  await writeFile(join(cwd, 'confg'), 'x')
  assert.is((await curl('-T', 'confg', `${http}/confg`)).status, '403')
})

test('many connections that drip keep others out for seconds, and then are closed', async context => {
  const { read, http, curl } = await client(context)
  await writeFile(join(read, 'f'), 'here')
  const port = Number(new URL(http).port)
  let closed = 0
  for (let number = 0; number < 300; number++) {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /'))
    socket.resume()
    socket.on('error', () => {}).on('close', () => closed++)
    context.cleanup(() => socket.destroy())
  }
  await waitFor('all of them closed', () => closed === 300, { timeoutMs: 60_000 })
  assert.is((await curl(`${http}/f`)).body, 'here')
})

test.run()
