/** Rows: networks that do not let plain SSH through, and what leads out of them all the same. */

import type { TestContext } from '../../../../testbed/suite.ts'
import { LOGIN, PLAIN_PASSWORD, startSquid, startTinyproxy } from '../../../../transport/testing/gateways.ts'
import { nothingThrough, sshReset, tlsAlone } from '../inflict/path.ts'
import { sessionsKilled, thenKilled } from '../inflict/processes.ts'
import { LIMIT, type Row, type Scene } from '../row.ts'
import { ADDRESS, PROXY_PORT } from '../world/network.ts'
import type { World } from '../world/world.ts'
import { technicianGetsIn, waitForClaim } from './steps.ts'

const LOGINS = { none: 'no login', basic: 'Basic', digest: 'Digest' } as const
const THEME = 'Networks that let no plain SSH through'
/**
 * Milliseconds from the beginning of the fault. On a network where plain SSH was proved, a second try must fail before others
 * begin, and a busy board waits four times as long for each answer.
 */
const FOUND_MS = 90_000

const row = (changes: Omit<Row, 'theme' | 'lastsS' | 'demands'> & Partial<Row>): Row => ({
  theme: THEME,
  ...{ lastsS: 0, goesAround: true, alone: true },
  world: { tls: true },
  after: isReachedBy('tls'),
  demands: { outlastMs: LIMIT.promiseSilent, healMs: FOUND_MS },
  ...changes,
})

export const wayOutRows: Row[] = [
  row({
    name: 'ssh-reset',
    title: 'a firewall resets what begins as SSH does, and the session was killed; by TLS',
    inflict: thenKilled(sshReset),
    ci: true,
  }),
  row({
    name: 'ssh-reset-known',
    title: 'the same once more, on a network where TLS was proved; by TLS',
    before: async scene => {
      await thenKilled(sshReset)(scene.world)
      const waitedMs = await waitForClaim(scene, ({ state, rung }) => state === 'ready' && rung === 'tls', 120_000)
      if (waitedMs === undefined) scene.found('TLS was not proved before the fault')
    },
    inflict: sessionsKilled,
    demands: { outlastMs: LIMIT.promiseSilent, healMs: LIMIT.afterEvent },
  }),
  row({
    name: 'tls-alone',
    title: 'a firewall drops all but TLS on the relay’s port, the open tunnel too; by TLS',
    inflict: tlsAlone,
  }),
  ...(['none', 'basic', 'digest'] as const).map(login => proxyRow('squid', login)),
  ...(['none', 'basic'] as const).map(login => proxyRow('tinyproxy', login)),
]

function proxyRow(program: 'squid' | 'tinyproxy', login: keyof typeof LOGINS): Row {
  const password = program === 'squid' ? LOGIN.password : PLAIN_PASSWORD
  return row({
    name: `proxy-${program}-${login}`,
    title: `nothing but an HTTP proxy leads out any more: ${program}, ${LOGINS[login]}`,
    world: {
      tls: true,
      proxy: { host: ADDRESS.gateway, port: PROXY_PORT, ...(login === 'none' ? {} : { user: LOGIN.user }) },
      ...(login === 'none' ? {} : { proxyPassword: password }),
      beforeDevice: world => startProxy(world, program, login),
    },
    inflict: nothingThrough,
    after: isReachedBy('proxy'),
  })
}

async function startProxy(
  world: Omit<World, 'device'>,
  program: 'squid' | 'tinyproxy',
  login: keyof typeof LOGINS,
): Promise<void> {
  const { root, cleanup, network } = world
  const context: TestContext = { signal: new AbortController().signal, cleanup, onFailure: () => {} }
  const where = { address: ADDRESS.gateway, port: PROXY_PORT, under: network.router.under }
  if (program === 'squid') await startSquid(context, root, login, where)
  else if (login !== 'digest') await startTinyproxy(context, root, login, where)
}

function isReachedBy(rung: string) {
  return async (scene: Scene) => {
    const seen = scene.recorder.claim()?.rung
    if (seen !== rung) scene.found(`the way is ${seen}, not ${rung}`)
    await technicianGetsIn(scene)
  }
}
