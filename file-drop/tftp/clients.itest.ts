/** TFTP with Debian's clients, and with packets of our own where a network loses some. */
import { createHash, randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { startFileDrop } from '../testing/served.ts'

const test = suite('TFTP clients')
const SLOW = { timeoutMs: 300_000 }
/** Beyond block 65535 of 512 bytes, and no multiple of any block. */
const IMAGE = randomBytes(35_000_001)
const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function client(context: TestContext, settings: object = {}) {
  const drop = await startFileDrop(context, settings)
  const cwd = await scratchDirectory(context)
  const run = (command: string, args: string[]) => runProgram(command, args, { cwd, timeoutMs: 200_000 })
  const port = String(drop.tftp)
  return { ...drop, cwd, run, port }
}

test(
  'each of them gets an image whose blocks go beyond 65535',
  async context => {
    const { read, cwd, run, port, recorded } = await client(context)
    await writeFile(join(read, 'ios.bin'), IMAGE)
    const url = `tftp://127.0.0.1:${port}/ios.bin`
    const ways: [string, string[]][] = [
      ['tftp', ['-m', 'binary', '127.0.0.1', port, '-c', 'get', 'ios.bin', 'got']],
      ['curl', ['-sS', '-o', 'got', url]],
      ['curl', ['-sS', '-o', 'got', '--tftp-no-options', url]],
      ['curl', ['-sS', '-o', 'got', '--tftp-blksize', '1468', url]],
      ['curl', ['-sS', '-o', 'got', '--tftp-blksize', '65464', url]],
      ['busybox', ['tftp', '-g', '-r', 'ios.bin', '-l', 'got', '-b', '1400', '127.0.0.1', port]],
      [
        'atftp',
        ['--option', 'blksize 1428', '--option', 'windowsize 8', '-g', '-r', 'ios.bin', '-l', 'got', '127.0.0.1', port],
      ],
    ]
    for (const [command, args] of ways) {
      await writeFile(join(cwd, 'got'), '')
      const { stdout, stderr } = await run(command, args)
      const got = await readFile(join(cwd, 'got'))
      assert.is(sum(got), sum(IMAGE), `${command} ${args.join(' ')}: ${got.length} bytes\n${stdout}${stderr}`)
    }
    await recorded({ how: 'tftp', who: '127.0.0.1', file: 'ios.bin', what: 'took', bytes: IMAGE.length, whole: true })
  },
  SLOW,
)

test('gets small files whole: empty, a full last block, blocks of 8 bytes, and text', async context => {
  const { read, cwd, run, port, recorded } = await client(context)
  const files = { empty: Buffer.alloc(0), exact: randomBytes(1_024), odd: randomBytes(1_025) }
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(read, name), bytes)
    for (const size of ['8', '512']) {
      await run('curl', ['-sS', '-o', name, '--tftp-blksize', size, `tftp://127.0.0.1:${port}/${name}`])
      assert.is(sum(await readFile(join(cwd, name)).catch(() => Buffer.alloc(0))), sum(bytes), `${name} by ${size}`)
    }
    // curl does not acknowledge the only block of an empty file.
    if (bytes.length > 0) await recorded({ file: name, bytes: bytes.length, whole: true })
  }
  await writeFile(join(read, 'text'), 'one\ntwo\r\n')
  await run('tftp', ['-m', 'ascii', '127.0.0.1', port, '-c', 'get', 'text', 'got'])
  assert.is(await readFile(join(cwd, 'got'), 'utf8'), 'one\ntwo\r\n')
})

test('takes what they put, never over another one, and says why it does not', async context => {
  const { read, upload, cwd, run, port, recorded } = await client(context)
  await writeFile(join(cwd, 'confg'), 'hostname sw1\n')
  const put = (name: string) => run('tftp', ['-m', 'binary', '127.0.0.1', port, '-c', 'put', 'confg', name])
  await put('sw1-confg')
  assert.is(await readFile(join(upload, 'sw1-confg'), 'utf8'), 'hostname sw1\n')
  await run('curl', ['-sS', '-T', 'confg', `tftp://127.0.0.1:${port}/upload/sw2-confg`])
  await run('busybox', ['tftp', '-p', '-l', 'confg', '-r', 'sw3-confg', '127.0.0.1', port])
  await run('atftp', ['-p', '-l', 'confg', '-r', 'sw4-confg', '127.0.0.1', port])
  assert.equal((await readdir(upload)).sort(), ['sw1-confg', 'sw2-confg', 'sw3-confg', 'sw4-confg'])
  for (const [name, why] of [
    ['../evil', 'no folder'],
    ['/etc/evil', 'no folder'],
    ['.hidden', 'dot'],
    ['a\nb', 'letters, digits'],
  ] as const)
    assert.match((await put(name)).stdout, why, name)
  await put('sw1-confg')
  await recorded({ what: 'put', file: 'sw1-confg.1', whole: true })
  assert.is(await readFile(join(upload, 'sw1-confg.1'), 'utf8'), 'hostname sw1\n')
  await recorded({ what: 'refused', file: '../evil' })
  await recorded({ what: 'put', file: 'sw4-confg', bytes: 13, whole: true })
  assert.equal(await readdir(read), [])
})

test('lets no name lead out, and nobody fetch an upload', async context => {
  const { read, upload, root, run, port, cwd } = await client(context)
  await writeFile(join(root, 'secret'), 'secret\n')
  await writeFile(join(upload, 'sw1-confg'), 'secret\n')
  await mkdir(join(read, 'sub'))
  await writeFile(join(read, '.hidden'), 'secret\n')
  await writeFile(join(read, 'mine'), 'secret\n', { mode: 0o600 })
  await symlink('/etc/passwd', join(read, 'out'))
  await symlink('..', join(read, 'sub/up'))
  await symlink('../../..', join(read, 'sub/above'))
  await symlink('../.hidden', join(read, 'sub/shown'))
  for (const name of [
    '../../secret',
    '../upload/sw1-confg',
    'upload/sw1-confg',
    'sub/../../../secret',
    '..\\..\\secret',
    'out',
    'sub/above/secret',
    'sub/shown',
    '.hidden',
    'mine',
    'sub',
    '%2e%2e/%2e%2e/secret',
  ]) {
    const { stdout } = await run('tftp', ['-m', 'binary', '127.0.0.1', port, '-c', 'get', name, 'got'])
    assert.match(stdout, /Error code [12]/, name)
    assert.is(await readFile(join(cwd, 'got'), 'utf8'), '', name)
  }
})

test('takes nothing where uploads are off', async context => {
  const { upload, cwd, run, port } = await client(context, { upload: false })
  await writeFile(join(cwd, 'confg'), 'x\n')
  const { stdout } = await run('tftp', ['127.0.0.1', port, '-c', 'put', 'confg', 'confg'])
  assert.match(stdout, 'uploads are off')
  assert.equal(await readdir(upload), [])
})

/** One request from a socket of our own; what comes is looked at one by one. */
function rawClient(context: TestContext, port: number) {
  const socket = createSocket('udp4')
  context.cleanup(() => socket.close())
  const heard: { bytes: Buffer; from: RemoteInfo }[] = []
  socket.on('message', (bytes, from) => heard.push({ bytes, from }))
  const next = async () =>
    (await waitFor('a packet', () => heard.shift(), { timeoutMs: 20_000 })) as (typeof heard)[number]
  return {
    next,
    heard,
    send: (text: string | Buffer, to = port) => socket.send(Buffer.from(text as string, 'latin1'), to, '127.0.0.1'),
  }
}

test('sends a block again that was lost, and never answers an old acknowledgement', async context => {
  const { read, tftp, recorded } = await client(context)
  await writeFile(join(read, 'f'), randomBytes(700))
  const { next, heard, send } = rawClient(context, tftp)
  send('\0\x01f\0octet\0')
  const first = await next()
  const again = await next()
  assert.equal(again.bytes, first.bytes)
  const { port } = first.from
  send('\0\x04\0\x01', port)
  assert.is((await next()).bytes.readUInt16BE(2), 2)
  for (let turn = 0; turn < 20; turn++) send('\0\x04\0\x01', port)
  send('\0\x04\0\x02', port)
  await recorded({ file: 'f', whole: true })
  assert.is(heard.length, 0, 'old acknowledgements were answered')
})

test('does not take a packet of somebody else for the client’s', async context => {
  const { read, tftp, status } = await client(context)
  await writeFile(join(read, 'f'), randomBytes(5_000))
  const one = rawClient(context, tftp)
  const other = rawClient(context, tftp)
  one.send('\0\x01f\0octet\0')
  const { from } = await one.next()
  other.send('\0\x04\0\x01', from.port)
  assert.is((await other.next()).bytes.readUInt16BE(2), 5)
  other.send('\0\x05\0\0stop\0', from.port)
  one.send('\0\x04\0\x01', from.port)
  await waitFor('the second block', async () => (await one.next()).bytes.readUInt16BE(2) === 2)
  await waitFor('progress', async () => (await status())?.running[0]?.bytes === 512)
})

test('an upload that its client ends leaves nothing behind; one block sent twice is one', async context => {
  const { upload, tftp, recorded } = await client(context)
  const { next, send } = rawClient(context, tftp)
  send('\0\x02a\0octet\0')
  const { port } = (await next()).from
  for (const _ of [1, 2]) {
    send(Buffer.concat([Buffer.from('\0\x03\0\x01', 'latin1'), Buffer.alloc(512, 'x')]), port)
    assert.is((await next()).bytes.readUInt16BE(2), 1)
  }
  assert.is((await readdir(upload)).length, 1)
  send('\0\x05\0\0enough\0', port)
  await recorded({ file: 'a', what: 'put', whole: false, bytes: 512 })
  assert.equal(await readdir(upload), [])

  const second = rawClient(context, tftp)
  second.send('\0\x02b\0octet\0')
  const to = (await second.next()).from.port
  for (const _ of [1, 2]) second.send('\0\x03\0\x01end', to)
  assert.is((await second.next()).bytes.readUInt16BE(2), 1)
  await recorded({ file: 'b', whole: true, bytes: 3 })
  assert.is(await readFile(join(upload, 'b'), 'utf8'), 'end')
})

test('refuses at once what says that it is larger than the room', async context => {
  const { upload, tftp } = await client(context)
  const { next, send } = rawClient(context, tftp)
  send('\0\x02huge\0octet\0tsize\x009000000000000000\0')
  const { bytes } = await next()
  assert.equal([bytes.readUInt16BE(0), bytes.readUInt16BE(2)], [5, 3])
  assert.match(bytes.toString('latin1'), 'are free here')
  assert.equal(await readdir(upload), [])
})

test.run()
