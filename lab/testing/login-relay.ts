/** A relay with accounts of its own, as a dedicated one has them: a real sshd as root, with passwords, in a mount namespace. */
import { chmod, chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loginMatchBlock } from '../../relay-config/fleet/render/login-match.ts'
import { freePort } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'

export interface LoginAccount {
  uid: number
  password: string
  /** Their list, as `oobm-login` reads it. */
  list: string
  jumpPorts: number[]
}

export interface LoginRelay {
  readonly sshd: Sshd
  readonly port: number
  readonly knownHosts: string
  /** SHA256:… of the relay's host key, as plink takes it. */
  readonly fingerprint: string
  /** Their own key, which logs in, and the hop key that the relay keeps for them. */
  key(name: string): KeyPair
}

/**
 * Needs root. The caller stops `sshd`.
 * @param hopKeys made before, because the bridge must know them
 * @param bridgeHosts text of the consoles' known_hosts
 */
export async function startLoginRelay(options: {
  directory: string
  accounts: Record<string, LoginAccount>
  hopKeys: ReadonlyMap<string, KeyPair>
  bridgeHosts: string
}): Promise<LoginRelay> {
  const { directory, accounts, hopKeys, bridgeHosts } = options
  const relay = join(directory, 'relay')
  const program = join(directory, 'oobm-login')
  await chmod(directory, 0o711)
  for (const folder of ['login', 'hop_keys', 'keys']) await mkdir(join(relay, folder), { recursive: true })
  for (const name of ['oobm-login', 'oobm-technician-command']) {
    await copyFile(join(import.meta.dirname, '../../relay-config/relay/forced-commands', name), join(directory, name))
    await chmod(join(directory, name), 0o755)
  }
  await writeFile(join(relay, 'login_known_hosts'), bridgeHosts)

  const keys = new Map<string, KeyPair>()
  const people = { passwd: '', shadow: '', group: '' }
  const blocks: string[] = []
  for (const [name, { uid, password, list, jumpPorts }] of Object.entries(accounts)) {
    const key = await makeKey(directory, `key-${name}`)
    keys.set(name, key)
    if (list !== '') await writeFile(join(relay, 'login', name), list)
    const hop = hopKeys.get(name)
    if (hop) {
      const path = join(relay, 'hop_keys', name)
      await writeFile(path, hop.privateKey, { mode: 0o400 })
      await chown(path, uid, 0)
    }
    const permits = jumpPorts.map(port => `,permitopen="127.0.0.1:${port}"`).join('')
    const line = `restrict,pty,port-forwarding${permits},permitlisten="127.0.0.1:1",command="echo overridden" ${key.publicKey}`
    await writeFile(join(relay, 'keys', name), `${line}\n`)
    const { stdout: hash } = await runProgram('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n` })
    people.passwd += `${name}:x:${uid}:${uid}::/:/bin/sh\n`
    people.group += `${name}:x:${uid}:\n`
    people.shadow += `${name}:${hash.trim()}:19000:0:99999:7:::\n`
    blocks.push(
      loginMatchBlock({
        technician: name,
        jumpPorts,
        program,
        directory: relay,
        maintenance: join(directory, 'maintenance'),
      }),
    )
  }
  for (const [file, more] of Object.entries(people)) {
    await writeFile(join(directory, file), (await readFile(`/etc/${file}`, 'utf8')) + more, {
      mode: file === 'shadow' ? 0o600 : 0o644,
    })
  }
  const matches = join(directory, 'matches')
  await writeFile(matches, blocks.join(''))
  // Accounts in a mount namespace of its own: this machine's accounts, and its records of logins, stay as they are.
  const mounts = Object.keys(people).map(file => `mount --bind ${join(directory, file)} /etc/${file}`)
  const inNamespace = [...mounts, 'mount -t tmpfs tmpfs /var/log', 'exec "$0" "$@"'].join(' && ')
  const port = await freePort()
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    port,
    authorizedKeys: [join(relay, 'keys/%u')],
    under: ['unshare', '--mount', 'sh', '-c', inNamespace],
    // startSshd's own lines follow: a Match block ends with the file that it is in.
    config: [`Include ${matches}`],
  })
  const knownHosts = join(directory, 'known_hosts')
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${sshd.hostKey.publicKey}\n`)
  const { stdout } = await runProgram('ssh-keygen', ['-l', '-f', `${sshd.hostKey.path}.pub`])
  return {
    sshd,
    port,
    knownHosts,
    fingerprint: stdout.split(' ')[1] ?? '',
    key: name => keys.get(name) ?? unknown(name),
  }
}

function unknown(name: string): never {
  throw new Error(`nobody is called ${name}`)
}
