/** The ways to a relay beside plain SSH: which there are, and how the person's own ssh takes them. */
import { readFile } from 'node:fs/promises'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { within } from '../../../runtime/waiting.ts'
import { createDialler } from '../../../transport/dial.ts'
import { proxyFor } from '../../../transport/find-proxy.ts'
import { getsThrough } from '../../../transport/gets-through.ts'
import type { HttpProxy } from '../../../transport/way.ts'
import { quotedWord } from '../../fleet/render/ssh-config.ts'
import { brokenAt, WAY_MS } from './reach-relay.ts'

export const PROXY_FILE_OPTION = {
  'proxy-file': {
    value: 'FILE',
    help: 'a file with the address of an HTTP proxy, http://USER:PASSWORD@HOST:PORT, instead of $https_proxy',
  },
} as const

/** The HTTP proxy on the way to a host, from the environment. */
export function httpProxyFor(host: string): HttpProxy | undefined {
  return proxyFor(host, { configured: undefined, password: undefined, env: process.env })
}

/**
 * From now on that proxy counts, for this program and those that it starts: no command line has it, which all users could read.
 * @throws UserError where there is none in the file
 */
export async function useProxyFile(file: string | undefined): Promise<void> {
  if (file === undefined) return
  const text = await readFile(file, 'utf8').catch(err => {
    throw new UserError(`cannot read ${file}: ${errorMessage(err)}`, EXIT.configuration, { cause: err })
  })
  for (const name of ['no_proxy', 'NO_PROXY', 'HTTPS_PROXY']) delete process.env[name]
  process.env.https_proxy = text.trim()
  if (httpProxyFor('') !== undefined) return
  throw new UserError(`${file} has no address such as http://USER:PASSWORD@HOST:PORT`, EXIT.configuration)
}

/** This very program, wherever it is, for the shell that ssh runs. */
export function thisProgram(command: string): string {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? '', command].map(quotedWord).join(' ')
}

/** Why a relay is not reached directly; undefined where its SSH server answers: then no other way is of use. */
export async function directProblem(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const dialled = await createDialler().dial({ host, port, timeoutMs: WAY_MS, signal })
  if (!dialled.ok) return dialled.failure.cause
  const { stream } = dialled.transport
  const open = await within(WAY_MS, [signal], deadline => getsThrough(stream, deadline))
  stream.destroy()
  return open.kind === 'done' && open.value ? undefined : brokenAt(host, port)
}
