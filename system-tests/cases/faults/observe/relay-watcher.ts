/** What can be seen of listeners from a relay itself: watch-relay.py there, asked line by line. */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Host } from '../../../machine/host.ts'

export interface Look {
  /** Of the listening socket; null while nobody listens. Another number is another connection of the device. */
  inode: number | null
  /** Milliseconds since its holder's connection last brought data. */
  heardAgoMs: number | null
}

export interface ProbeResult {
  ok: boolean
  /** Why not. */
  why: string
  atMs: number
}

export interface RelayWatcher {
  /** Sends nothing to the device. */
  look(ports: readonly number[]): Promise<{ atMs: number; ports: Record<string, Look> }>
  /** Connects as a technician who came that far does, and waits for an SSH greeting. */
  probe(port: number, timeoutMs: number): Promise<ProbeResult>
}

interface Answer {
  look?: Record<string, Look>
  probe?: string
  ok?: boolean
  why?: string
  atMs: number
}

/** Beyond the probe's own deadline: the machine may be loaded. */
const GRACE_MS = 10_000

export async function watchRelay(host: Host): Promise<RelayWatcher> {
  const program = host.start('python3', [join(import.meta.dirname, 'watch-relay.py')])
  const looks: ((answer: Answer) => void)[] = []
  const probes = new Map<string, (answer: Answer) => void>()
  createInterface({ input: program.child.stdout as NodeJS.ReadableStream }).on('line', line => {
    const answer = JSON.parse(line) as Answer
    if (answer.look) looks.shift()?.(answer)
    else if (answer.probe !== undefined) {
      probes.get(answer.probe)?.(answer)
      probes.delete(answer.probe)
    }
  })
  await program.says(/"ready"/)
  const ask = (line: string) => program.child.stdin?.write(`${line}\n`)
  const within = <T>(ms: number, what: string, work: Promise<T>) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${host.name}: ${what} was not answered\n${program.output().slice(-500)}`)),
        ms,
      )
    })
    return Promise.race([work, late]).finally(() => clearTimeout(timer))
  }
  let number = 0
  return {
    look: async ports => {
      const answer = new Promise<Answer>(resolve => looks.push(resolve))
      ask(`look ${ports.join(' ')}`)
      const { atMs, look = {} } = await within(GRACE_MS, 'a look', answer)
      return { atMs, ports: look }
    },
    probe: async (port, timeoutMs) => {
      const name = String(number++)
      const answer = new Promise<Answer>(resolve => probes.set(name, resolve))
      ask(`probe ${name} ${port} ${timeoutMs / 1000}`)
      const { atMs, ok = false, why = '' } = await within(timeoutMs * 2 + GRACE_MS, 'a probe', answer)
      return { atMs, ok, why }
    },
  }
}
