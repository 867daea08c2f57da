/** `oobm files` as people type it: put, from a file and from an address, list, get, remove and history. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { assertPrinted } from '../testing/printed.ts'

const test = suite('oobm files')

async function device(context: TestContext) {
  const root = await scratchDirectory(context)
  const read = join(root, 'srv/read')
  const upload = join(root, 'srv/upload')
  for (const path of [read, upload, join(root, 'history')]) await mkdir(path, { recursive: true })
  const env = {
    OOBM_DROP: root,
    OOBM_DROP_SERVED: join(root, 'srv'),
    OOBM_DROP_SPEC: join(root, 'spec'),
    OOBM_DROP_RUNTIME: join(root, 'run'),
    OOBM_CONFIG: join(root, 'device.toml'),
    RUNTIME_DIRECTORY: root,
    SUDO_USER: 'alice',
  }
  const oobm = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(
      process.execPath,
      [...programArgs('device/main.ts'), 'files', ...args],
      { env },
    )
    return { code, stdout, said: stdout + stderr }
  }
  return { root, read, upload, oobm }
}

/** Serves `bytes`, and loses each connection after `cutAt` bytes, `cuts` times. */
async function server(context: TestContext, bytes: Buffer, cuts = 0, etag = '"one"') {
  const ranges: string[] = []
  let left = cuts
  const listening = createServer((request, response) => {
    ranges.push(request.headers.range ?? '-')
    const start = Number(
      /bytes=(\d+)-/.exec(request.headers['if-range'] === etag ? (request.headers.range ?? '') : '')?.[1] ?? 0,
    )
    const head = { etag, 'content-length': bytes.length - start }
    if (request.url !== '/ios.bin') return void response.writeHead(404).end()
    response.writeHead(
      start > 0 ? 206 : 200,
      start > 0 ? { ...head, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : head,
    )
    if (left-- <= 0) return void response.end(bytes.subarray(start))
    response.write(bytes.subarray(start, start + 100_000), () => setTimeout(() => request.socket.destroy(), 200))
  })
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => listening.close())
  return { ranges, url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}` }
}
const hex = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('puts a file, readable for everybody, never over another one by itself, and never beyond the room', async context => {
  const { root, read, oobm } = await device(context)
  await writeFile(join(root, 'ios.bin'), 'image', { mode: 0o600 })
  assert.match((await oobm('put', join(root, 'ios.bin'))).stdout, 'ios.bin: 5 bytes can be fetched now')
  assert.is((await stat(join(read, 'ios.bin'))).mode & 0o777, 0o644)
  const again = await oobm('put', join(root, 'ios.bin'))
  assert.equal([again.code, /is there already .* use --replace/.test(again.said)], [1, true])
  assert.is((await oobm('put', join(root, 'ios.bin'), '--replace')).code, 0)
  await truncate(join(root, 'ios.bin'), 8_000_000_000_000)
  const large = await oobm('put', join(root, 'ios.bin'), '--replace')
  assert.match(large.said, /ios\.bin has 7629394\.5 MiB, and [\d.]+ MiB are free/)
  assert.is(large.code, 1)
  assert.is(await readFile(join(read, 'ios.bin'), 'utf8'), 'image')
  assert.equal(await readdir(read), ['ios.bin'])
})

test('says what is wrong with a name, a file and an address', async context => {
  const { root, oobm } = await device(context)
  await writeFile(join(root, 'f'), 'x')
  for (const [args, why] of [
    [['put', join(root, 'f'), '--name', '../f'], 'no folder'],
    [['put', join(root, 'f'), '--name', '.f'], 'dot'],
    [['put', join(root, 'f'), '--name', 'upload'], 'taken'],
    [['put', join(root, 'f'), '--name', 'a\nb'], 'letters, digits'],
    [['put', '/missing'], 'missing'],
    [['put', '/'], 'name is missing'],
    [['put', join(root, 'f'), '--sha256', 'x'], 'for an address'],
    [['put', 'ftp://x/f', '--force'], 'use https'],
    [['put', 'http://x/f', '--force'], '--sha256'],
    [['put', 'https://x/f', '--force', '--sha256', 'abc'], '64 hex'],
    [['get', '../../etc/passwd'], 'a name is one'],
    [['get', 'missing'], 'there is no file'],
    [['remove'], 'which files'],
    [['remove', '/etc/passwd'], 'a name is one'],
  ] as const) {
    const { code, said } = await oobm(...args)
    assert.match(said, why, args.join(' '))
    assert.not.equal(code, 0, args.join(' '))
  }
})

test('goes on where a connection was lost, and refuses another file than the one that was meant', async context => {
  const { read, oobm } = await device(context)
  const image = randomBytes(500_000)
  const { url, ranges } = await server(context, image, 1)
  const { code, said } = await oobm('put', `${url}/ios.bin`, '--sha256', hex(image), '--force')
  assert.is(code, 0, said)
  assert.is(hex(await readFile(join(read, 'ios.bin'))), hex(image))
  assert.equal(ranges, ['-', 'bytes=100000-'])
  const wrong = await oobm('put', `${url}/ios.bin`, '--name', 'b', '--sha256', '0'.repeat(64), '--force')
  assert.match(wrong.said, 'its SHA-256 is')
  assert.is(wrong.code, 1)
  assert.equal(await readdir(read), ['ios.bin'])
  const gone = await oobm('put', `${url}/none`, '--name', 'c', '--sha256', hex(image), '--force')
  assert.match(gone.said, 'answers 404')
})

test('lists, copies and removes, and remembers who did', async context => {
  const { root, read, upload, oobm } = await device(context)
  await writeFile(join(read, 'ios\x1b[2J'), 'x')
  await writeFile(join(read, 'mine'), 'x', { mode: 0o600 })
  await writeFile(join(upload, 'confg'), 'hostname sw1\n')
  const { stdout } = await oobm('list')
  assert.match(stdout, 'ios?[2J')
  await assertPrinted('files list', (await oobm('list', '--json')).stdout)
  assert.match(stdout, /mine .*not served: not for everybody to read: chmod o\+r/)
  assert.match(stdout, /confg +13 bytes/)
  assert.is((await oobm('get', 'confg', '-')).stdout, 'hostname sw1\n')
  assert.is((await oobm('get', 'confg', join(root, 'confg'))).code, 0)
  assert.is(await readFile(join(root, 'confg'), 'utf8'), 'hostname sw1\n')
  assert.match((await oobm('get', 'confg', join(root, 'confg'))).said, 'is there already')
  assert.is((await oobm('remove', '--upload', 'confg')).code, 0)
  assert.is((await oobm('remove', '--upload', 'confg')).code, 1)
  const history = (await oobm('history', '--json')).stdout
  await assertPrinted('files history', history)
  const { records } = JSON.parse(history)
  assert.equal(
    records.map(({ who, what, file }: Record<string, string>) => [who, what, file]),
    [
      ['alice', 'took', 'confg'],
      ['alice', 'took', 'confg'],
      ['alice', 'removed', 'confg'],
    ],
  )
})

test('lists 10,000 files', async context => {
  const { read, oobm } = await device(context)
  for (let number = 0; number < 10_000; number++) await writeFile(join(read, `f${number}`), '')
  assert.is(JSON.parse((await oobm('list', '--json')).stdout).read.length, 10_000)
})

test.run()
