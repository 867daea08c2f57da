/** The real vsftpd, configured as on a device, and `oobm-drop` beside it: which names it gives, and what `oobm files` shows meanwhile. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DropStatus } from '../../formats/file-drop.ts'
import { freePort } from '../../testbed/free-port.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { assertPrinted } from '../testing/printed.ts'
import { vsftpdConf } from './vsftpd-conf.ts'

const test = suite('files by FTP')
const VSFTPD = '/usr/sbin/vsftpd'
/** An account of every Debian, whose home is a folder that is there, as oobm-drop's is. */
const ACCOUNT = 'daemon'
const ADDRESS = '127.0.0.1'

async function startFtp(context: TestContext, names: readonly string[]) {
  const root = await scratchDirectory(context)
  await chmod(root, 0o755)
  const [read, empty, runtime] = ['srv/read', 'empty', `run/${ADDRESS}`].map(path => join(root, path)) as [
    string,
    string,
    string,
  ]
  for (const path of [
    join(read, 'upload'),
    join(root, 'srv/upload'),
    empty,
    runtime,
    join(root, 'spec'),
    join(root, 'state/history'),
  ])
    await mkdir(path, { recursive: true })
  for (const name of names) {
    await mkdir(join(read, name, '..'), { recursive: true })
    await writeFile(join(read, name), name, { mode: 0o644 })
  }
  // The unit of vsftpd has the uploads within what it serves, as a bind mount.
  const uid = Number(spawnSync('id', ['-u', ACCOUNT], { encoding: 'utf8' }).stdout)
  await chown(join(read, 'upload'), uid, uid)
  await writeFile(join(root, 'vsftpd.conf'), vsftpdConf({ upload: true }), { mode: 0o600 })
  await writeFile(
    join(root, 'spec/served.json'),
    JSON.stringify({ version: 1, settings: { ftp: true, upload: true }, problems: [] }),
  )
  const env = {
    ...{ OOBM_DROP: join(root, 'state'), OOBM_DROP_SERVED: join(root, 'srv'), OOBM_DROP_SPEC: join(root, 'spec') },
    OOBM_DROP_RUNTIME: join(root, 'run'),
  }
  const drop = startProgram(process.execPath, [...programArgs('file-drop/main.ts'), ADDRESS], { env })
  context.cleanup(() => drop.stop())
  await waitFor('oobm-drop', () => existsSync(join(runtime, 'status.json')))
  const port = await freePort()
  const settings = {
    ...{ listen_port: port, listen_address: ADDRESS, ftp_username: ACCOUNT, nopriv_user: ACCOUNT },
    ...{ anon_root: read, secure_chroot_dir: empty, vsftpd_log_file: join(runtime, 'ftp.log') },
  }
  const server = startProgram(VSFTPD, [
    join(root, 'vsftpd.conf'),
    ...Object.entries(settings).map(([name, value]) => `-o${name}=${value}`),
  ])
  context.cleanup(() => server.stop())
  context.onFailure(() => `${drop.output()}${server.output()}`)
  const url = `ftp://${ADDRESS}:${port}`
  await waitFor('vsftpd', async () => (await runProgram('curl', ['-s', `${url}/`])).code === 0)
  return {
    ...{ read, url, env, root },
    get: async (path: string, ...options: string[]) =>
      (await runProgram('curl', ['-s', '--path-as-is', ...options, `${url}/${path}`])).stdout,
    oobm: (...args: string[]) =>
      runProgram(process.execPath, [...programArgs('device/main.ts'), 'files', ...args], { env }),
    status: async () => JSON.parse(await readFile(join(runtime, 'status.json'), 'utf8')) as DropStatus,
  }
}

const missing = process.getuid?.() === 0 ? (existsSync(VSFTPD) ? undefined : 'needs vsftpd') : 'needs root'
if (missing !== undefined) test.skip('vsftpd', missing)
else {
  test('names that begin with a dot are neither listed nor given, however they are asked for', async context => {
    const hidden = ['.a', '.Z', '.0', '.~', '.ab', '.netrc', 'sub/.b', 'sub/.profile']
    const { get, oobm } = await startFtp(context, ['ok', 'a', 'sub/ok', ...hidden, '.dir/x'])
    for (const name of ['ok', 'a', 'sub/ok', 'sub/../ok']) assert.is(await get(name), name.replace('sub/../', ''), name)
    assert.match(await get('', '-l', '-Q', 'CWD sub', '-Q', 'CDUP'), /^ok\r?$/m, 'the way up')
    assert.not.match(await get('', '-l'), /^\./m)
    for (const name of hidden)
      for (const way of ['nocwd', 'multicwd', 'singlecwd'])
        assert.is(await get(name, '--ftp-method', way), '', `${name}, ${way}`)
    // What vsftpd does not hold against its patterns is said to whoever put it there.
    assert.is(await get('.dir/x', '--ftp-method', 'multicwd'), '')
    assert.is(await get('.dir/x', '--ftp-method', 'nocwd'), '.dir/x')
    const { stdout, stderr } = await oobm('list')
    assert.match(
      stdout + stderr,
      /^ {2}\.dir\/ .*not served: but by FTP, to those who know the name of what is in it: chmod o-x$/m,
    )
  })

  test('oobm files shows what runs by FTP, and how far each is', async context => {
    const { url, read, env, oobm, root } = await startFtp(context, ['small'])
    await writeFile(join(read, 'big'), Buffer.alloc(90_000_000))
    await writeFile(join(root, 'sent'), Buffer.alloc(30_000_000))
    const slowly = (...args: string[]) => {
      const client = startProgram('curl', ['-sS', '--limit-rate', '500k', ...args], { env })
      context.cleanup(() => client.stop())
      return client
    }
    slowly(`${url}/big`, '-o', '/dev/null')
    await waitFor('the download', async () =>
      /^127\.0\.0\.1 +FTP +takes +big +[1-9]\d?% of 85\.8 MiB +since \d+ s$/m.test((await oobm()).stdout),
    )
    // The client connects, or the server does, and begins at a byte.
    slowly('-P', '-', '--disable-eprt', '-r', '30000000-', `${url}/big`, '-o', '/dev/null')
    await waitFor(
      'both downloads',
      async () => {
        const { stdout } = await oobm()
        return /takes +big +[1-9]\d?% of 57\.2 MiB/.test(stdout) && /takes +big +[1-9]\d?% of 85\.8 MiB/.test(stdout)
      },
      { timeoutMs: 60_000 },
    )
    slowly('-T', join(root, 'sent'), `${url}/upload/up1`)
    // Where vsftpd writes it here; on a device it is the folder of uploads by another path.
    await runProgram('ln', ['-s', join(read, 'upload/up1'), join(root, 'srv/upload/up1')])
    await waitFor('the upload', async () =>
      /^127\.0\.0\.1 +FTP +puts +up1 +[0-9.]+ [KM]iB +since \d+ s$/m.test((await oobm()).stdout),
    )
    const printed = (await oobm('--json')).stdout
    assert.is(JSON.parse(printed).running.length, 3)
    await assertPrinted('files', printed)
    await assertPrinted('files status', (await oobm('status', '--json')).stdout)
  })
}

test.run()
