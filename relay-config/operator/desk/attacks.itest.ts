/** Whoever else can reach the desk's port, or say something that it shows: other sites, other users of the machine, devices. */
import { readdir, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { within } from '../../../runtime/waiting.ts'
import { hasChromium, openPage } from '../../../testbed/browser.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { WINDOW_BYTES } from './terminal/terminal-messages.ts'
import { madeConsoles } from './testing/made-consoles.ts'
import { makeFleet } from './testing/made-fleet.ts'
import { memoryMb, rendererMb } from './testing/memory.ts'
import { onRelay, startDesk } from './testing/start-desk.ts'

const test = suite('attacks on the desk')
const LIMIT = { timeoutMs: 180_000 }
const NOBODY = 65534

interface Answer {
  code: number
  headers: NodeJS.Dict<string | string[]>
  body: string
}

async function startAttacked(context: TestContext) {
  const folder = await scratchDirectory(context)
  await makeFleet(folder, ['tokyo'], () => ({}))
  const desk = await startDesk(context, onRelay(folder))
  const { port } = desk
  const authority = `127.0.0.1:${port}`
  const ask = (path: string, headers: Record<string, string> = {}, body?: string) =>
    new Promise<Answer>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const asked = request(
        { host: '127.0.0.1', port, path, method, headers: { host: authority, ...headers } },
        response => {
          let text = ''
          response.setEncoding('utf8').on('data', chunk => {
            text += chunk
          })
          response.once('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: text }))
        },
      )
      asked.once('error', reject)
      asked.end(body)
    })
  const enter = async (token = desk.token) => {
    const { code, body } = await ask(
      '/enter',
      { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      `token=${token}`,
    )
    return code === 200 ? String(JSON.parse(body).secret) : undefined
  }
  /** @returns what came of a WebSocket: its first message, or why there is none */
  const socket = (path: string, protocols: string[], origin: string | undefined, host = authority) =>
    new Promise<string>(resolve => {
      const made = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, {
        headers: { host, ...(origin && { origin }) },
      })
      made.once('message', data => {
        resolve(String(data).slice(0, 40))
        made.terminate()
      })
      made.once('error', err => resolve(String(err)))
    })
  return { ...desk, folder, authority, ask, enter, socket }
}

test(
  'another site, another name for this host, and no secret: nothing is answered',
  async context => {
    const { authority, ask, enter, socket } = await startAttacked(context)
    const own = `http://${authority}`
    const secret = (await enter()) ?? ''
    assert.match(secret, /^[0-9a-f]{64}$/)
    const json = { 'content-type': 'application/json' }
    const good = { ...json, origin: own, 'x-oobm-desk': secret }
    const history = (headers: Record<string, string>) => ask('/ask/history', headers, '{"device":"tokyo"}')
    assert.is((await history(good)).code, 200)
    const refused: [string, Record<string, string>][] = [
      ['DNS rebinding', { ...good, host: 'evil.example', origin: 'http://evil.example' }],
      ['DNS rebinding, with this origin', { ...good, host: 'evil.example' }],
      ['another site', { ...good, origin: 'https://evil.example' }],
      ['a page of another port', { ...good, origin: 'http://127.0.0.1:1' }],
      ['a file', { ...good, origin: 'null' }],
      ['no secret', { ...json, origin: own }],
      [
        'a wrong secret',
        {
          ...good,
          'x-oobm-desk': secret.replace(/^./, '0') === secret ? `1${secret.slice(1)}` : `0${secret.slice(1)}`,
        },
      ],
      ['the secret as a cookie', { ...json, origin: own, cookie: `oobm-desk=${secret}` }],
    ]
    for (const [what, headers] of refused) assert.is((await history(headers)).code, 403, what)
    for (const path of ['/', '/desk.js', '/enter']) {
      assert.is((await ask(path, { host: 'evil.example' })).code, 403, path)
      assert.not.match((await ask(path)).body, new RegExp(secret), path)
    }

    const protocols = ['oobm-desk', `oobm-desk.${secret}`]
    assert.match(await socket('/live', protocols, own), /"nowMs"/)
    for (const path of ['/live', '/terminal', '/run']) {
      const cases: [string, string[], string | undefined, string?][] = [
        ['a cross-site WebSocket', protocols, 'https://evil.example'],
        ['one without an origin', protocols, undefined],
        ['DNS rebinding', protocols, 'http://evil.example', 'evil.example'],
        ['no secret', ['oobm-desk'], own],
        ['a wrong secret', ['oobm-desk', `oobm-desk.${'0'.repeat(64)}`], own],
      ]
      for (const [what, ...one] of cases) assert.match(await socket(path, ...one), /403/, `${path}: ${what}`)
    }
    assert.match(await socket('/other', protocols, own), /403/)
  },
  LIMIT,
)

test(
  'a token is good once and cannot be guessed; what the browser gets lets it load nothing from elsewhere',
  async context => {
    const { token, ask, enter } = await startAttacked(context)
    for (const guess of ['', '0', '0'.repeat(64), token.slice(0, -1), `${token}0`, `${token.slice(0, -1)}%00`])
      assert.is(await enter(guess), undefined, guess)
    assert.is((await ask(`/enter?token=${token}`)).code, 405, 'not by a link')
    const page = await ask(
      '/enter',
      { origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
      `token=${token}`,
    )
    assert.is(page.code, 200, 'wrong guesses lock nobody out')
    assert.match(page.body, /<meta name="oobm-secret" content="[0-9a-f]{64}">/)
    assert.is(await enter(), undefined, 'it was used')
    assert.is(page.headers['set-cookie'], undefined)
    assert.is(page.headers['cache-control'], 'no-store')
    const policy = String(page.headers['content-security-policy'])
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/)
    assert.not.match(policy, /unsafe/)
    assert.is((await ask('/enter', {}, `token=${'x'.repeat(100_000)}`)).code, 403)
    const elsewhere = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
    assert.equal(elsewhere, ['/desk.css', 'data:,', '/desk.js'])
  },
  LIMIT,
)

if (process.getuid?.() !== 0) test.skip('another user of this machine', 'needs root')
else
  test(
    'another user of this machine reads neither the file nor the processes, and gets nothing at the port',
    async context => {
      const { folder, port, token, program, runtime, enter } = await startAttacked(context)
      const own = (await readdir(runtime)).filter(name => name.startsWith('oobm-desk-'))
      assert.is(own.length, 1)
      const desk = join(runtime, own[0] ?? '')
      assert.is((await stat(desk)).mode & 0o777, 0o700)
      for (const file of await readdir(desk)) assert.is((await stat(join(desk, file))).mode & 0o077, 0, file)
      const secret = (await enter()) ?? ''
      const asNobody = (command: string) =>
        runProgram('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', 'sh', '-c', command])
      // The folders above are open to all, so that the desk's own are what is tried.
      for (const above of [runtime, folder]) await runProgram('chmod', ['755', above])
      assert.is((await asNobody(`ls ${runtime}`)).code, 0)
      for (const what of [
        `ls ${desk}`,
        `cat ${desk}/*`,
        `cat /proc/${program.pid}/environ`,
        `ls /proc/${program.pid}/fd`,
      ]) {
        const { code, stdout } = await asNobody(what)
        assert.ok(code !== 0 && stdout === '', `${what}: ${stdout}`)
      }
      const seen = await asNobody(`cat /proc/${program.pid}/cmdline /proc/net/tcp; curl -si http://127.0.0.1:${port}/`)
      assert.match(seen.stdout, /200 OK/, 'the empty page is no secret')
      for (const key of [token, secret]) assert.not.match(seen.stdout, new RegExp(key))
      for (const path of ['/ask/console', '/ask/switch', '/ask/history', '/live', '/terminal', '/run']) {
        const { stdout } = await asNobody(`curl -si -X POST -d '{"device":"tokyo"}' http://127.0.0.1:${port}${path}`)
        assert.match(stdout, /^HTTP\/1\.1 40[34]/, path)
      }
      assert.is(
        (
          await asNobody(
            `curl -s -o /dev/null -w '%{http_code}' -d token=${'0'.repeat(64)} http://127.0.0.1:${port}/enter`,
          )
        ).stdout,
        '403',
      )
    },
    LIMIT,
  )

test('Ctrl-C ends the desk with exit code 0, and its folder with it', async context => {
  const { program, runtime } = await startAttacked(context)
  program.child.kill('SIGINT')
  await waitFor('the end', () => program.ended())
  assert.is(program.child.exitCode, 0, program.output())
  assert.equal(await readdir(runtime), [])
})

const HOSTILE = `</script><script>window.owned=1</script><img src=x onerror="window.owned=1">\u202e\u001b]52;c;x\u0007`

if (!hasChromium()) test.skip('a hostile device', 'the package chromium is not installed')
else
  test(
    'what a hostile device says is shown as text, and runs nothing',
    async context => {
      const folder = await scratchDirectory(context)
      await makeFleet(folder, ['tokyo'], () => ({
        ...{ cause: HOSTILE, software: '<b>1</b>', uplink: '"><svg/onload=owned=1>' },
        consoles: [
          { name: '<img src=x onerror=owned=1>', open: false, cause: HOSTILE.slice(0, 150), who: [] },
          {
            name: 'javascript:owned=1',
            open: true,
            cause: '',
            who: [{ technician: '<i>eve</i>', types: true, forS: 1 }],
          },
        ],
        changes: [{ agoS: 1, state: 'x"><script>', cause: HOSTILE }],
      }))
      const desk = await startDesk(context, onRelay(folder))
      const { page, complaints } = await openPage(context)
      await page.goto(desk.url)
      await page.getByText('<img src=x onerror=owned=1>').waitFor()
      await page.getByRole('link', { name: 'tokyo', exact: true }).click()
      await page.getByText('<b>1</b>').waitFor()
      const shown = (await page.locator('body').textContent()) ?? ''
      assert.match(shown, /<\/script><script>window\.owned=1<\/script>/)
      assert.not.match(shown, /[\u202e\u001b\u0007]/)
      assert.is(await page.locator('img, svg, b, i, script:not([src])').count(), 0)
      assert.is(await page.evaluate('window.owned'), undefined)
      assert.equal(complaints, [])
    },
    LIMIT,
  )

/** What a target may send without end; what goes through a pipe comes as fast as ssh takes it. */
const FLOODS = {
  lines: "yes 'a line of a flood that never ends, and it is long enough to be a line of a log'",
  marks: endless(String.raw`\314\201`),
  'inserted-lines': endless(String.raw`\033[2147483647L`),
  'repeated-characters': endless(String.raw`x\033[2147483647b`),
  questions: endless(String.raw`\033[c`),
  resets: endless(String.raw`\033c`),
}
/** Bytes after which it is a flood, and not what a buffer took. */
const FLOODED = 4 * WINDOW_BYTES
/** Milliseconds for an answer of the page. */
const PAGE_MS = 20_000
/** MB, several times what each has without a flood; a page that keeps all has more after seconds. */
const MEMORY_MAX = 600

function endless(sequence: string): string {
  return `printf a; yes "$(printf '${sequence}%.0s' $(seq 500))" | tr -d '\\n'`
}

if (!hasChromium()) test.skip('a target that floods', 'the package chromium is not installed')
else
  test(
    'while a target floods, another console takes keys, Ctrl-C ends the flood, a click closes it, and memory stays bounded',
    async context => {
      const over = String.raw`printf '\030\033\\\r\nthe flood is over\r\n'; exec cat`
      const floods = Object.entries(FLOODS).map(([name, flood]) => [name, `trap : INT\n${flood}\n${over}`])
      const config = await madeConsoles(context, { ...Object.fromEntries(floods), calm: 'stty -echo; exec cat' })
      const desk = await startDesk(context, ['--ssh-config', config])
      const { page, complaints } = await openPage(context)
      await page.addInitScript(`window.shown = 0; {
        const { send } = WebSocket.prototype
        WebSocket.prototype.send = function (data) {
          if (typeof data === 'string' && data.includes('"shown"')) shown += JSON.parse(data).bytes
          return send.call(this, data)
        }
      }`)
      await page.goto(desk.url)
      await page.locator('li.device').first().waitFor()
      for (const name of Object.keys(FLOODS)) {
        await page.evaluate(`shown = 0; location.hash = '#/console/calm,${name}'`)
        const [calm, flooded] = ['calm', name].map(pane => page.locator(`section[aria-label="${pane}"]`))
        assert.ok(calm && flooded)
        // A page that a flood has stopped does not answer at all.
        const shown = () => within(PAGE_MS, [], () => page.evaluate('shown'))
        await waitFor(
          `${name} to flood`,
          async () => {
            const seen = await shown()
            return seen.kind === 'done' && Number(seen.value) > FLOODED
          },
          { timeoutMs: 60_000 },
        )
        await calm.locator('textarea').focus()
        await page.keyboard.type(`beside ${name}\n`)
        await calm.locator('.xterm-rows', { hasText: `beside ${name}` }).waitFor()
        const memory = { desk: await memoryMb(desk.program.pid), page: await rendererMb() }
        for (const [what, mb] of Object.entries(memory)) assert.ok(mb < MEMORY_MAX, `${name}: ${what} has ${mb} MB`)
        await flooded.locator('textarea').focus()
        await page.keyboard.press('Control+c')
        await flooded.locator('.xterm-rows', { hasText: 'the flood is over' }).waitFor()
        await page.getByRole('button', { name: `Close ${name}` }).click()
        await flooded.waitFor({ state: 'detached' })
      }
      assert.equal(complaints, [])
    },
    { timeoutMs: 400_000 },
  )

test.run()
