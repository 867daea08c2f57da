/** A request for a measurement → one at a time → `speed.json`. */
import { parseSpeedRequest, type SpeedResult, speedResultPath } from '../../formats/speed.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { Context } from '../loop/ports.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { bytesOf } from '../uplinks/list-uplinks.ts'
import { measure, overTunnel, uplinkOf } from './measure.ts'

/**
 * @param current the tunnel, while there is one
 * @returns takes what a request file says
 */
export function speedServer(
  context: Context,
  current: () => Tunnel | undefined,
  runtimeDirectory: string,
  log: Logger,
): (text: string) => void {
  let isMeasuring = false
  const write = (result: SpeedResult) =>
    writeAtomically(speedResultPath(runtimeDirectory), `${JSON.stringify(result)}\n`, 0o644)
  const serve = async (asked: string, mayCost: boolean) => {
    const tunnel = current()
    if (tunnel === undefined || tunnel.connection.closed.aborted) {
      const outcome = { kind: 'no-tunnel', cause: 'there is no tunnel to a relay' } as const
      return write({ version: 1, asked, uplink: null, relay: '', outcome })
    }
    const over = overTunnel(context, tunnel)
    const about = { asked, uplink: uplinkOf(over) ?? null, relay: `${tunnel.relay.host}:${tunnel.relay.port}` }
    const cpuMicros = () => {
      const { user, system } = process.cpuUsage()
      return user + system
    }
    const outcome = await measure({ ...over, mayCost, bytesOf, cpuMicros })
    log.info({ outcome }, 'measured the way out')
    return write({ version: 1, ...about, outcome })
  }
  return text => {
    const request = parseSpeedRequest(text)
    // Whoever asks meanwhile gets no answer, and says so.
    if (request === undefined || isMeasuring) return
    isMeasuring = true
    void serve(request.asked, request.mayCost)
      .catch(err => log.error({ err }, 'the speed was not measured'))
      .finally(() => {
        isMeasuring = false
      })
  }
}
