/** What the router is told: by its spec, by `[[uplinks]]` of the device's configuration, and by the supervisor. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { deviceConfigPath } from '../formats/directories.ts'
import { type RouterSpec, routerSpecSchema } from '../formats/router.ts'
import { supervisorStatusSchema } from '../formats/status-file.ts'
import { parseToml } from '../formats/toml-file.ts'
import { type UplinkSettings, uplinkSchema } from '../formats/uplink-settings.ts'
import { HEARTBEAT_MAX_AGE_MS, heartbeatNow, silentForMs } from '../runtime/boot-clock.ts'

/** The rest is for the daemons, and was checked when it was imported. */
const configSchema = z.looseObject({ uplinks: z.array(uplinkSchema).default([]) })

/** @throws what JSON.parse and the schema throw: `oobm` wrote it */
export function readSpec(path: string): RouterSpec {
  return routerSpecSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

/** Reads a file again when it is another one; what cannot be read leaves what was read before. */
function rereading<T>(path: string, read: (text: string) => T, otherwise: T): () => T {
  let known = otherwise
  let mark = ''
  return () => {
    try {
      const { mtimeMs, ino, size } = statSync(path)
      const now = `${mtimeMs} ${ino} ${size}`
      if (now === mark) return known
      mark = now
      known = read(readFileSync(path, 'utf8'))
    } catch {
      // A configuration with an error in it: both daemons keep the last good one, too.
    }
    return known
  }
}

export function uplinkSettings(env: NodeJS.ProcessEnv): () => readonly UplinkSettings[] {
  const path = deviceConfigPath(env)
  return rereading(path, text => parseToml(path, text, configSchema).uplinks, [])
}

/** The interface that carries the tunnel; undefined where the supervisor does not say, or is silent. */
export function carryingUplink(supervisorRuntime: string): string | undefined {
  try {
    const text = readFileSync(join(supervisorRuntime, 'status.json'), 'utf8')
    const { heartbeat, uplinks = [] } = supervisorStatusSchema.parse(JSON.parse(text))
    if (silentForMs(heartbeat, heartbeatNow()) > HEARTBEAT_MAX_AGE_MS) return undefined
    return uplinks.find(({ carries }) => carries)?.name
  } catch {
    return undefined
  }
}
