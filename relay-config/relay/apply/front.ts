/** Who has the relay's port: its sshd, or HAProxy with sshd behind it; and how the one gives it to the other. */

import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { INNER_SSHD_PORT } from '../../fleet/fleet-schema.ts'
import { PLAIN_UNIT, TLS_UNIT } from '../dedicated/tls-units.ts'
import { UNIT } from '../dedicated/unit.ts'
import { askTool, runTool } from './run-tool.ts'
import { answers, READY_MS, type SshdService } from './sshd-service.ts'

export interface Front {
  /** The relay's port. */
  port: number
  hasTls: boolean
}

/** Waits, 10 s at the most, until nobody listens on port $1 on all addresses: proc_pid_net(5). */
const UNTIL_FREE = `
hex=$(printf %04X "$1") tries=0
while [ "$tries" -lt 100 ] && cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q " 0*:$hex 0*:0000 0A "; do
  tries=$((tries + 1))
  sleep 0.1
done`

/** $2: whether HAProxy reads its configuration again. */
const TO_HAPROXY = `
systemctl reload-or-restart ${UNIT}
if systemctl is-active --quiet ${TLS_UNIT}; then
  [ "$2" = no ] || systemctl reload ${TLS_UNIT}
else
  systemctl stop ${PLAIN_UNIT}
  ${UNTIL_FREE}
  systemctl reset-failed ${TLS_UNIT}
  systemctl start ${TLS_UNIT}
fi`

/** HAProxy ends with its connections. */
const TO_SSHD = `
systemctl stop ${TLS_UNIT} ${PLAIN_UNIT}
${UNTIL_FREE}
systemctl reload-or-restart ${UNIT}`

/**
 * Starts or reloads what has the port, by the files that are in place, and returns when an SSH server answers there. Connections
 * continue, but those through a HAProxy that is no longer wanted end.
 * @param hadHaproxy whether HAProxy may have the port now
 * @param isChanged whether HAProxy's configuration has changed
 */
export async function putInForce(service: SshdService, hadHaproxy: boolean, wanted: Front, isChanged: boolean) {
  const { port, hasTls } = wanted
  if (!hasTls && !hadHaproxy) return service.reload(port)
  const workerBefore = isChanged ? await newestWorker() : undefined
  const change = hasTls ? TO_HAPROXY : TO_SSHD
  await service.reload(hasTls ? INNER_SSHD_PORT : port, async () => {
    await runTool('systemctl', ['daemon-reload'])
    await runTool('systemctl', ['enable', '--quiet', UNIT])
    // All of it in one process, which goes on if this one is killed: at no time may the port stay without a server.
    const script = `exec >/dev/null 2>&1\n${change}\nexit 0`
    await runTool('sh', ['-c', script, 'sh', String(port), isChanged ? 'yes' : 'no'], '', { detached: true })
  })
  if (hasTls) await untilHaproxyServes(port, workerBefore)
}

/** @param workerBefore the process that is to be relieved, if there is one */
async function untilHaproxyServes(port: number, workerBefore: string | undefined): Promise<void> {
  const log = `its log: journalctl -u ${TLS_UNIT}`
  for (const untilMs = Date.now() + READY_MS; Date.now() < untilMs; await delay(100)) {
    const state = await haproxyState()
    if (state === 'failed') throw new UserError(`HAProxy does not start; ${log}`, EXIT.unavailable)
    const worker = await newestWorker()
    if (state !== 'active' || worker === undefined || worker === workerBefore) continue
    if ((await answers(port)) && (await answersWithinTls(port))) return
  }
  throw new UserError(`HAProxy does not answer on port ${port} by its new configuration; ${log}`, EXIT.unavailable)
}

/** The process that has the port: HAProxy's main process starts one for each configuration that it reads. */
async function newestWorker(): Promise<string | undefined> {
  const pid = (await askTool('systemctl', ['show', '--property=MainPID', '--value', TLS_UNIT])).stdout.trim()
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return children.trim().split(' ').at(-1) || undefined
}

/** As systemd has it: `active`, `failed`, `inactive`, `activating` and others. */
export async function haproxyState(): Promise<string> {
  return (await askTool('systemctl', ['is-active', TLS_UNIT])).stdout.trim()
}

/** Before what HAProxy needs is in place: after a restart of the host it starts only if it is. */
export async function enableHaproxy(): Promise<void> {
  await runTool('systemctl', ['enable', '--quiet', TLS_UNIT])
}

export async function disableHaproxy(): Promise<void> {
  await askTool('systemctl', ['disable', '--quiet', TLS_UNIT])
}

/** Ends it, with its connections. */
export async function stopHaproxy(): Promise<void> {
  await askTool('systemctl', ['disable', '--quiet', '--now', TLS_UNIT, PLAIN_UNIT])
}

/** Whether an SSH server answers within TLS on this port of the host itself. */
export function answersWithinTls(port: number): Promise<boolean> {
  return new Promise(resolve => {
    // The certificate is nobody's: the SSH host key within decides.
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, timeout: 5_000 })
    const end = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.once('data', data => end(data.toString('latin1').startsWith('SSH-2.0-')))
    for (const event of ['error', 'close', 'timeout']) socket.once(event, () => end(false))
  })
}
