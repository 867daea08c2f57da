/** Rows: networks that answer in the relay's place, or let nothing through to it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../../testbed/run-program.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import type { Inflict } from '../inflict/fault.ts'
import { ledTo, reject, reset } from '../inflict/path.ts'
import { sessionsKilled } from '../inflict/processes.ts'
import { LIMIT, type Row } from '../row.ts'
import type { World } from '../world/world.ts'

const THEME = 'Networks that let nothing through'
const HTTP = 8080
const TLS = 8443
/** Seconds: a server that says nothing is spoken to when three quarters of a step are over, on a busy board after a minute. */
const SPOKEN_TO_S = 100

const row = (name: string, title: string, cause: RegExp, fault: Inflict, quickS: number): Row => ({
  name,
  title: `${title} for 100 s; the session was killed`,
  theme: THEME,
  ...{ lastsS: 100, quickS },
  inflict: async world => {
    const end = await fault(world)
    await sessionsKilled(world)
    return end
  },
  demands: { outlastMs: LIMIT.promiseSilent, healMs: 15_000, toTheEnd: true, shows: [{ state: /^no-relay$/, cause }] },
})

export const portalRows: Row[] = [
  row('http-portal', 'a portal answers in HTTP', /HTTP/, httpPortal, SPOKEN_TO_S),
  row('tls-only', 'a server that speaks TLS alone answers', /not an SSH server/, tlsServer, SPOKEN_TO_S),
  row('port-reset', 'the relay’s port gets an RST', /refuse/, reset, 30),
  row(
    'port-rejected',
    'the relay’s port is rejected by ICMP',
    /unreachable|prohibited|rejects|no route|does not answer/,
    reject,
    30,
  ),
]

async function httpPortal(world: World) {
  const folder = join(world.root, 'portal')
  await mkdir(folder)
  return answered(world, HTTP, 'python3', ['-m', 'http.server', '--directory', folder, String(HTTP)])
}

async function tlsServer(world: World) {
  const [key, certificate] = [join(world.root, 'tls-key'), join(world.root, 'tls-certificate')]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=portal',
  ]
  const { code, stderr } = await runProgram('openssl', [...request, '-days', '1', '-keyout', key, '-out', certificate])
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  const server = join(import.meta.dirname, '../inflict/tls-server.py')
  return answered(world, TLS, 'python3', [server, String(TLS), certificate, key])
}

/** Waits for the server: connections that it is not there to take would be refused, which is another fault. */
async function answered(world: World, port: number, command: string, args: string[]) {
  const { router } = world.network
  const server = router.start(command, args)
  await waitFor(`${command} to listen`, async () => {
    if (server.ended()) throw new Error(server.output())
    return (await router.sh(`ss -Hltn sport = :${port}`)) !== ''
  })
  const end = await ledTo(port)(world)
  return async () => {
    await end()
    await server.stop(0)
  }
}
