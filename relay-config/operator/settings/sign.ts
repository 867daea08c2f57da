/** Signs with the operator's key by `ssh-keygen -Y sign`: a key in a file, in an agent, or in a FIDO token. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'

/** A key that signs. */
export interface Signer {
  /** The private key, or the public one whose private half an agent or a token has. */
  path: string
  /** For messages. */
  shown: string
  /** Removes what was made for it. */
  release(): Promise<void>
}

export interface KeyChoice {
  /** `--key`. */
  option: string | undefined
  /** `key` of the fleet file, relative to it. */
  named: string | undefined
  fleetFile: string
  /** `signers` of the fleet file: one of them may be in the agent. */
  signers: readonly string[]
  signal: AbortSignal
}

/** @throws UserError when there is no key to sign with */
export async function chooseSigner({ option, named, fleetFile, signers, signal }: KeyChoice): Promise<Signer> {
  const path = option ?? (named === undefined ? undefined : join(relativeTo(fleetFile, named)))
  if (path !== undefined) {
    const file = resolve(withHome(path))
    if (existsSync(file) || existsSync(`${file}.pub`)) {
      return { path: existsSync(file) ? file : `${file}.pub`, shown: file, release: async () => {} }
    }
    const source = option === undefined ? `settings.key in ${fleetFile}` : '--key'
    throw new UserError(`${file} is missing: ${source} names the key that signs settings`, EXIT.configuration)
  }
  const { code, stdout } = await run('ssh-add', ['-L'], '', signal, 'ignore')
  const held = code === 0 ? stdout.split('\n').map(line => line.split(' ').slice(0, 2).join(' ')) : []
  const found = signers.find(signer => held.includes(signer.split(' ').slice(0, 2).join(' ')))
  if (found === undefined) {
    const advice = 'name it with --key FILE or "key" in [settings] of the fleet file, or load it into ssh-agent'
    throw new UserError(`no key to sign settings with: ${advice}`, EXIT.configuration)
  }
  const folder = await mkdtemp(join(tmpdir(), 'oobm-signer-'))
  await writeFile(join(folder, 'key.pub'), `${found}\n`, { mode: 0o600 })
  const release = () => rm(folder, { recursive: true, force: true })
  return { path: join(folder, 'key.pub'), shown: `${found.slice(0, 40)}… in ssh-agent`, release }
}

/**
 * The signature of these bytes, armored (PROTOCOL.sshsig). ssh-keygen asks for a passphrase, or for a touch, on the terminal.
 * @throws UserError with what ssh-keygen says
 */
export async function signBytes(
  bytes: string | Buffer,
  namespace: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<string> {
  const args = ['-Y', 'sign', '-q', '-n', namespace, '-f', signer.path]
  const { code, stdout } = await run('ssh-keygen', args, bytes, signal, 'inherit')
  signal.throwIfAborted()
  if (code === 0 && stdout.startsWith('-----BEGIN SSH SIGNATURE-----')) return stdout
  throw new UserError(`${signer.shown} did not sign: ssh-keygen said why above`, EXIT.failed)
}

function run(
  program: string,
  args: readonly string[],
  stdin: string | Buffer,
  signal: AbortSignal,
  stderr: 'inherit' | 'ignore',
): Promise<{ code: number | undefined; stdout: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', stderr], signal })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text
    })
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    child.once('error', err => {
      if (signal.aborted) return done({ code: undefined, stdout: '' })
      const message = `cannot run ${program}, which is in the package openssh-client: ${errorMessage(err)}`
      fail(new UserError(message, EXIT.unavailable, { cause: err }))
    })
    child.once('close', code => done({ code: code ?? undefined, stdout }))
  })
}

function withHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}

function relativeTo(fleetFile: string, path: string): string {
  return path.startsWith('~/') ? path : resolve(dirname(fleetFile), path)
}
