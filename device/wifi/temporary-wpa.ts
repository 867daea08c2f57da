/** A wpa_supplicant for one question, on a board that knows no network yet: then none runs. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WIFI_INTERFACE } from '../../formats/hotspot.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import type { Board } from './board.ts'
import { type WpaControl, withWpa } from './wpa-control.ts'

/** Milliseconds until its socket is there, and until it has ended. */
const START_MS = 15_000
const END_MS = 5_000
const PACE_MS = 100

export async function withAnyWpa<T>(board: Board, use: (control: WpaControl) => Promise<T>): Promise<T> {
  const { sockets, isHotspot, signal } = board
  if (isHotspot)
    throw new UserError(
      `${WIFI_INTERFACE} is a hotspot now, and does not look for others; "sudo oobm hotspot off" ends that`,
      EXIT.unavailable,
    )
  if (existsSync(join(sockets, WIFI_INTERFACE))) {
    const answer = await withWpa(sockets, WIFI_INTERFACE, signal, use)
    if (answer !== undefined) return answer
  }
  const directory = await mkdtemp(join(tmpdir(), 'oobm-wifi-'))
  const child = spawn('wpa_supplicant', ['-i', WIFI_INTERFACE, '-D', 'nl80211', '-C', directory], { stdio: 'ignore' })
  const ended = once(child, 'close').catch(() => {})
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  try {
    await within(START_MS, [signal], async over => {
      while (!isOver && !over.aborted && !existsSync(join(directory, WIFI_INTERFACE)))
        await new Promise(resolve => setTimeout(resolve, PACE_MS))
    })
    const answer = isOver ? undefined : await withWpa(directory, WIFI_INTERFACE, signal, use)
    if (answer !== undefined) return answer
    throw new UserError(`wpa_supplicant cannot use ${WIFI_INTERFACE}: its driver does not answer`, EXIT.unavailable)
  } finally {
    child.kill()
    await within(END_MS, [], () => ended)
    await rm(directory, { recursive: true, force: true })
  }
}
