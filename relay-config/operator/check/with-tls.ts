/** A port of this machine that leads to a relay within TLS, for a client that speaks SSH only. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import type { Relay } from '../../fleet/fleet-config.ts'

/** @param use what to do with the port, which is closed afterwards */
export async function withTls<T>(
  { host, port }: Pick<Relay, 'host' | 'port'>,
  signal: AbortSignal,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const open = new Set<{ destroy(): unknown }>()
  const server = createServer({ allowHalfOpen: true }, client => {
    // The certificate is nobody's: the SSH host key within decides.
    const outer = connect({ host, port, rejectUnauthorized: false })
    for (const end of [client, outer]) open.add(end)
    const give = (from: Socket, to: Socket) =>
      from
        .pipe(to)
        .on('error', () => from.destroy())
        .on('close', () => from.destroy())
    give(client, outer)
    give(outer, client)
  })
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening', { signal })
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.close()
    for (const end of open) end.destroy()
  }
}
