/** A tunnel that is up, for unit tests of what goes on beside it: who is in, whether it is proved, and what is done to it. */

import type { Intervals } from '../../../formats/device-config.ts'
import { ScriptedConnection } from '../../ssh/testing/scripted-connection.ts'
import type { Tunnel } from '../../tunnel/establish.ts'
import { Orders } from '../../tunnel/orders.ts'
import { cancelListeners } from '../../tunnel/request-listeners.ts'
import { NO_PROOF } from '../run-facts.ts'
import type { Run, RunEnding } from '../run-tunnel.ts'
import { relayNamed } from './context.ts'
import { FakeClock } from './fake-clock.ts'

export class FakeRun implements Run {
  readonly connection = new ScriptedConnection({ unlisten: () => 'cancelled', end: () => true })
  people = { shell: 0, console: 0 }
  provedMs = 0
  /** `retire`, `stop`, `close`. */
  readonly done: string[] = []
  /** How `closeListeners` goes on. */
  closing: (farewell: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal) => Promise<boolean> = async () =>
    true
  #end: (ending: RunEnding) => void = () => {}
  readonly ended = new Promise<RunEnding>(resolve => {
    this.#end = resolve
  })
  readonly orders = new Orders([relayNamed('a')], new FakeClock())
  readonly facts: Run['facts'] = {
    via: { rung: 'direct' },
    ...{ way: { uplink: undefined, interface: undefined, isMetered: false }, intervals: {} as Intervals },
    ...{ relay: relayNamed('a'), connectedMs: 0, aliveMs: 0, addressGone: false, offForMs: 0, isOpen: true },
    ...{ proof: { state: 'none' }, details: NO_PROOF, othersSeenMs: undefined },
  }
  readonly tunnel = {
    connection: this.connection,
    relay: relayNamed('a'),
    routes: [
      { name: 'shell', listener: 20_100, target: 22 },
      { name: 'console', listener: 20_101, target: 2_222 },
    ],
    forwarding: { sessions: () => this.people },
    freeListeners: (signal: AbortSignal) =>
      cancelListeners(this.connection, this.tunnel.routes, { wasAsked: false, signal }),
    closeListeners: (signal: AbortSignal, farewell: (signal: AbortSignal) => Promise<unknown>) => {
      this.done.push('close')
      return this.closing(farewell, signal)
    },
  } as unknown as Tunnel

  prove(): void {
    this.facts.proof = { state: 'proved', atMs: 0, note: undefined }
  }

  provedForMs = () => this.provedMs

  stop(): void {
    this.done.push('stop')
    this.end({ kind: 'stopped' })
  }

  retire = () => void this.done.push('retire')

  resume = () => void this.done.push('resume')

  /** Settles `ended`. */
  end(ending: RunEnding): void {
    this.connection.destroy()
    this.#end(ending)
  }
}
