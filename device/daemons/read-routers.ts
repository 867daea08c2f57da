/** What `oobm-router` says of each local address: a status that is old, or missing, is never shown as true. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provisioningDirectory } from '../../formats/directories.ts'
import { type RouterStatus, routerRuntimeDirectory, routerStatusSchema } from '../../formats/router.ts'
import { HEARTBEAT_MAX_AGE_MS, heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'

export interface RouterReading {
  address: string
  /** Undefined where it does not answer. */
  status: RouterStatus | undefined
  /** Milliseconds since it was written. */
  ageMs?: number
}

/** Of all addresses where it is to run; none where no port has such a role. */
export async function readRouters(env: NodeJS.ProcessEnv): Promise<RouterReading[]> {
  const names = await readdir(provisioningDirectory(env)).catch(() => [])
  const addresses = names.flatMap(name => /^router-([0-9.]+)$/.exec(name)?.[1] ?? []).sort()
  return Promise.all(addresses.map(address => readRouter(env, address)))
}

async function readRouter(env: NodeJS.ProcessEnv, address: string): Promise<RouterReading> {
  try {
    const text = await readFile(join(routerRuntimeDirectory(env), address, 'status.json'), 'utf8')
    const status = routerStatusSchema.parse(JSON.parse(text))
    const ageMs = silentForMs(status.heartbeat, heartbeatNow())
    return ageMs > HEARTBEAT_MAX_AGE_MS ? { address, status: undefined } : { address, status, ageMs }
  } catch {
    return { address, status: undefined }
  }
}
