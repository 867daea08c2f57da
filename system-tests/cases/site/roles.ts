/** The wired port in each of its roles: who reaches what from the laptop's side, and from the side of the relay. */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { startProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Case, Steps } from '../../case.ts'
import { DEVICE, RELAY_ADDRESS } from '../image/relay.ts'
import { CABLE } from '../uplinks/board.ts'
import { seconds } from '../uplinks/take-turns.ts'
import { openPorts } from './cables.ts'
import { HERE, LAPTOP, PORT, portOf, SERIAL, type Stage } from './start.ts'

/** Milliseconds for what follows a change of the port: networkd asks for a lease several times first. */
const SETTLE_MS = 240_000
/** A site whose network the cable leads to. */
const SITE = { address: '10.9.0.1', pool: '10.9.0.100,10.9.0.199' }
const ASK_NAME = join(import.meta.dirname, 'ask-name.cjs')
/** What hosts fetch through the board. */
const MIB = 20
/** What an address of each side may answer: the system's own sshd, and for people beside the board the page and the consoles; hosts of a router ask for names, too. */
const OPEN = { uplink: '22', local: '22 80 2222', router: '22 53 80 2222' }

export const ROLE_CASES: readonly Case<Stage>[] = [
  { name: 'client', run: client },
  { name: 'static', run: fixed },
]

/** It takes force at a start of the board, so it is the last. */
export const ROUTER: Case<Stage> = { name: 'router', run: router }

async function client(stage: Stage, steps: Steps): Promise<undefined> {
  const { board, laptop, settle } = stage
  await settle(portOf('role = "client"', `fallback = "${HERE}/24"`))
  await laptop.takes(`${LAPTOP}/24`)
  await steps.essential('without a lease: the page is there for the laptop, in two languages', () => untilPage(stage))
  await steps.step('and the name on the board’s label leads the laptop there, by mDNS', async () => {
    const name = `oobm-${SERIAL}.local`
    const { code, stdout } = await laptop.ask(`${process.execPath} ${ASK_NAME} ${name} ${LAPTOP}`)
    if (code !== 0 || stdout.trim() !== HERE) throw new Error(`${name}: ${stdout.trim() || 'no answer'}`)
    return `${name}: ${HERE}`
  })
  await seenFrom(stage, steps, OPEN.local)
  let leased = ''
  const site = await laptop.serveLeases(SITE.address, SITE.pool)
  await steps.essential('a lease arrives: the page and the fallback address go', async () => {
    const fromMs = await board.nowMs()
    await replug(stage)
    leased = await waitFor('a lease', () => addressIn(stage, '10.9.0.'), { timeoutMs: SETTLE_MS })
    await waitFor('the fallback address to go', async () => (await addressIn(stage, HERE)) === undefined, {
      timeoutMs: SETTLE_MS,
    })
    await waitFor('the page to go', async () => !(await hasPage(stage, HERE)) && !(await hasPage(stage, leased)), {
      timeoutMs: SETTLE_MS,
    })
    return `gone after ${seconds(fromMs, await board.nowMs())}, and no page at ${leased} either`
  })
  await steps.step('with a lease: what nmap finds from the cable', () => finds(laptop.openPorts(leased), OPEN.uplink))
  await steps.step('the lease ends: the fallback address and the page are back', async () => {
    const fromMs = await board.nowMs()
    await site.stop()
    await replug(stage)
    const said = await untilPage(stage)
    return `${said}, after ${seconds(fromMs, await board.nowMs())}`
  })
  return undefined
}

async function fixed(stage: Stage, steps: Steps): Promise<undefined> {
  const { laptop, settle } = stage
  await settle(portOf('role = "static"', `address = "${HERE}/24"`))
  await laptop.takes(`${LAPTOP}/24`)
  await steps.essential('the page is there for the laptop', () => untilPage(stage))
  await seenFrom(stage, steps, OPEN.local)
  return undefined
}

async function router(stage: Stage, steps: Steps): Promise<undefined> {
  const server = await startServer(steps)
  await stage.settleAtStart(portOf('role = "router"', `address = "${HERE}/24"`))
  const { board, laptop } = stage
  await steps.essential('a laptop set to DHCP has an address, and goes out as the board', async () => {
    await takeLease(stage, steps.folder)
    const { stdout } = await waitFor('the way out', () => fetched(stage, '/me'), { timeoutMs: SETTLE_MS })
    const outside = await addressIn(stage, '198.51.100.', CABLE)
    if (stdout.trim() !== outside) throw new Error(`it is ${stdout} outside, not ${outside}`)
    return `${(await laptop.sh(`ip -4 -o address show dev wire0`)).match(/inet (\S+)/)?.[1]}, outside ${outside}`
  })
  await steps.step('the page is there for the laptop', () => untilPage(stage))
  await seenFrom(stage, steps, OPEN.router)
  await steps.step('the cable of the uplink pulled: hosts are refused at once; in again: they go out', async () => {
    await board.plugCable(false)
    // 7: refused. 28 would be a time that is over.
    await waitFor('a refusal', async () => (await laptop.ask(CURL('/me'))).code === 7, { timeoutMs: SETTLE_MS })
    const fromMs = await board.nowMs()
    await board.plugCable(true)
    await waitFor('the way out', () => fetched(stage, '/me'), { timeoutMs: SETTLE_MS })
    await board.untilProved(fromMs)
    return 'refused by the board, and out again; the tunnel is proved'
  })
  await steps.step(`${MIB} MiB by a host, and keystrokes meanwhile`, async () => {
    const idle = await keystrokeMs(stage)
    const fromMs = performance.now()
    const download = laptop.ask(`curl -sS -m 110 -o /dev/null -w '%{size_download}' http://${RELAY_ADDRESS}:8080/bulk`)
    const loaded = await keystrokeMs(stage)
    const { stdout } = await download
    const tookS = (performance.now() - fromMs) / 1_000
    if (Number(stdout) !== MIB * 1024 ** 2) throw new Error(`${stdout} bytes came`)
    const rate = ((MIB * 8.388_608) / tookS).toFixed(1)
    return `${rate} Mbit/s on this emulator; an echo in a technician’s session took ${idle} ms before, and ${loaded} ms meanwhile`
  })
  await server.stop()
  return undefined
}

/** By nmap from both sides: what is open at the local address, and at the address of the uplink. */
async function seenFrom(stage: Stage, steps: Steps, local: string): Promise<void> {
  await steps.step('what nmap finds from the laptop', () => finds(stage.laptop.openPorts(HERE), local))
  await steps.step('what nmap finds from the side of the relay', async () => {
    const outside = await addressIn(stage, '198.51.100.', CABLE)
    return finds(openPorts([], outside ?? ''), OPEN.uplink)
  })
}

async function finds(scan: Promise<string>, wanted: string): Promise<string> {
  const found = await scan
  if (found !== wanted) throw new Error(`TCP ports ${found || 'none'}, not ${wanted}`)
  return `TCP ports ${found}, of 1 to 9000`
}

async function untilPage(stage: Stage): Promise<string> {
  const { laptop } = stage
  await waitFor('the page', () => hasPage(stage, HERE), { timeoutMs: SETTLE_MS })
  const english = (await laptop.ask(`curl -sS -m 60 http://${HERE}/en`)).stdout
  const japanese = (await laptop.ask(`curl -sS -m 60 http://${HERE}/ja`)).stdout
  const [, title = ''] = /<title>([^<]*)/.exec(english) ?? []
  if (!title.startsWith(`${DEVICE}: `) || !japanese.includes('lang="ja"')) throw new Error(english.slice(0, 400))
  return `"${title}"`
}

async function hasPage({ laptop }: Stage, address: string): Promise<boolean> {
  return (await laptop.ask(`curl -sS -m 60 -o /dev/null http://${address}/`)).code === 0
}

/** @returns undefined where the port has no such address */
async function addressIn({ board }: Stage, start: string, port = PORT): Promise<string | undefined> {
  const text = await board.sh(`ip -c=never -4 -o address show dev ${port}`)
  return [...text.matchAll(/inet ([\d.]+)\//g)].map(([, address]) => address).find(one => one?.startsWith(start))
}

/** Out of its socket and in again: the board asks for a lease anew. */
async function replug({ board }: Stage): Promise<void> {
  const { qmp } = board.machine
  await qmp.execute('set_link', { name: 'wire', up: false })
  await board.sh(`until ! grep -qx 1 /sys/class/net/${PORT}/carrier; do sleep 0.2; done`)
  await qmp.execute('set_link', { name: 'wire', up: true })
}

/** What udhcpc runs with what it was given. */
const TAKE = `#!/bin/sh
case $1 in bound | renew)
  ip address add "$ip/$mask" dev "$interface"
  ip route replace default via "$router"
esac
`

/** As a laptop does that is set to DHCP. @param folder for a file */
async function takeLease({ laptop }: Stage, folder: string): Promise<void> {
  const take = join(folder, 'take-lease')
  await writeFile(take, TAKE, { mode: 0o755 })
  await laptop.sh('ip address flush dev wire0')
  const client = `busybox udhcpc -i wire0 -n -q -t 5 -T 2 -s ${take}`
  await waitFor('a lease for the laptop', async () => (await laptop.ask(client)).code === 0, { timeoutMs: SETTLE_MS })
}

const CURL = (path: string) => `curl -sS -m 20 http://${RELAY_ADDRESS}:8080${path}`

async function fetched({ laptop }: Stage, path: string) {
  const answer = await laptop.ask(CURL(path))
  return answer.code === 0 ? answer : undefined
}

/** Milliseconds of the middle one of several echoes in a session of a technician, through the relay. */
async function keystrokeMs({ operation }: Stage): Promise<number> {
  const session = startProgram('ssh', ['-F', operation.sshConfig, DEVICE, 'cat'])
  try {
    const times: number[] = []
    for (let turn = 0; turn < 15; turn++) {
      const fromMs = performance.now()
      session.child.stdin?.write(`key${turn}.\n`)
      await session.says(new RegExp(`key${turn}\\.`), 100_000)
      if (turn > 0) times.push(performance.now() - fromMs)
    }
    return Math.round(times.sort((a, b) => a - b)[7] ?? 0)
  } finally {
    await session.stop(0)
  }
}

/** A server at the address of the relay: who asks, and something large. */
async function startServer({ cleanup }: Steps) {
  const bulk = Buffer.alloc(MIB * 1024 ** 2)
  const server = createServer((request, response) => {
    response.end(request.url === '/bulk' ? bulk : `${request.socket.remoteAddress}\n`)
  })
  const stop = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  cleanup(stop)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(8080, RELAY_ADDRESS, resolve)
  })
  return { stop }
}
