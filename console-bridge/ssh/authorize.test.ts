import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import ssh2, { type AuthContext } from 'ssh2'
import * as assert from 'uvu/assert'
import { newKeyPair } from '../../formats/private-key.ts'
import { suite } from '../../testbed/suite.ts'
import { authenticate, type Technician } from './authorize.ts'

const test = suite('authorize')

interface Key {
  type: string
  blob: Buffer
  private: KeyObject
}

function keyOf(type: 'ed25519' | 'rsa' | 'ecdsa', bits?: number): Key {
  const make = ssh2.utils.generateKeyPairSync as (type: string, options: object) => { private: string }
  const parsed = ssh2.utils.parseKey(type === 'ed25519' ? newKeyPair('').privateKey : make(type, { bits }).private)
  if (parsed instanceof Error) throw parsed
  const [key] = [parsed].flat()
  if (!key) throw new Error('no key')
  return { type: key.type, blob: key.getPublicSSH(), private: createPrivateKey(key.getPrivatePEM()) }
}

const ALICE = {
  ed25519: keyOf('ed25519'),
  rsa: keyOf('rsa', 2048),
  ecdsa: keyOf('ecdsa', 256),
  short: keyOf('rsa', 1024),
}
const MALLORY = { ed25519: keyOf('ed25519'), rsa: keyOf('rsa', 2048), ecdsa: keyOf('ecdsa', 256) }
const TECHNICIANS: Technician[] = [
  {
    name: 'alice',
    keys: Object.values(ALICE).map(({ type, blob }) => `${type} ${blob.toString('base64')}`),
    ...{ role: 'operator', consoles: undefined, viaRelay: [], hopKeys: [] },
  },
]

interface Request {
  key: Key
  /** Undefined for a question. */
  signedBy?: Key
  hash?: 'sha1' | 'sha256' | 'sha512'
  /** As ssh2 gives it; undefined for what has none, and for RSA with SHA-1. */
  hashAlgo?: string
  algo?: string
}

function ask({ key, signedBy, hash, hashAlgo, algo = key.type }: Request) {
  const blob = Buffer.from('what is signed')
  const answers: string[] = []
  const context = {
    method: 'publickey',
    username: 'core-sw1',
    key: { algo, data: key.blob },
    hashAlgo,
    ...(signedBy && { blob, signature: sign(hash, blob, signedBy.private) }),
    accept: () => answers.push(`accepted as ${context.key.algo}`),
    reject: () => answers.push('rejected'),
  }
  const { kind } = authenticate(context as unknown as AuthContext, TECHNICIANS, text => answers.push(text))
  assert.match(answers.at(-1) ?? '', /accepted|rejected/, 'whatever is said is said before')
  return { kind, said: answers.join(': ') }
}

const CASES: [what: string, request: Request, kind: 'in' | 'asked' | 'refused', said: RegExp][] = [
  ['a key', { key: ALICE.ed25519, signedBy: ALICE.ed25519 }, 'in', /accepted/],
  ['ECDSA', { key: ALICE.ecdsa, signedBy: ALICE.ecdsa, hash: 'sha256' }, 'in', /accepted/],
  ['RSA with SHA-2', { key: ALICE.rsa, signedBy: ALICE.rsa, hash: 'sha256', hashAlgo: 'sha256' }, 'in', /accepted/],
  ['a question', { key: ALICE.ed25519 }, 'asked', /accepted as ssh-ed25519$/],
  ['a question about rsa-sha2-256', { key: ALICE.rsa, hashAlgo: 'sha256' }, 'asked', /accepted as rsa-sha2-256$/],
  ['a question about rsa-sha2-512', { key: ALICE.rsa, hashAlgo: 'sha512' }, 'asked', /accepted as rsa-sha2-512$/],
  ['a stranger', { key: MALLORY.ed25519, signedBy: MALLORY.ed25519 }, 'refused', /rejected/],
  ['a stranger’s question', { key: MALLORY.ed25519 }, 'refused', /rejected/],
  ['a stranger’s signature', { key: ALICE.ed25519, signedBy: MALLORY.ed25519 }, 'refused', /rejected/],
  ['the same, ECDSA', { key: ALICE.ecdsa, signedBy: MALLORY.ecdsa, hash: 'sha256' }, 'refused', /rejected/],
  [
    ...(['the same, RSA', { key: ALICE.rsa, signedBy: MALLORY.rsa, hash: 'sha256', hashAlgo: 'sha256' }] as const),
    ...(['refused', /rejected/] as const),
  ],
  ['another kind’s signature', { key: ALICE.ed25519, signedBy: ALICE.rsa, hash: 'sha256' }, 'refused', /rejected/],
  ['RSA with SHA-1', { key: ALICE.rsa, signedBy: ALICE.rsa, hash: 'sha1' }, 'refused', /SHA-1, which is not accepted/],
  ['a question about ssh-rsa', { key: ALICE.rsa }, 'refused', /SHA-1, which is not accepted/],
  [
    ...([
      'RSA with SHA-1 under another name',
      { key: ALICE.rsa, signedBy: ALICE.rsa, hash: 'sha1', algo: 'ssh-ed25519' },
    ] as const),
    ...(['refused', /rejected/] as const),
  ],
  ['a short RSA key', { key: ALICE.short, hashAlgo: 'sha256' }, 'refused', /RSA key has 1024 bits/],
  [
    'a certificate',
    { key: ALICE.ed25519, algo: 'ssh-ed25519-cert-v01@openssh.com' },
    'refused',
    /certificates are not/,
  ],
  ['a security key', { key: ALICE.ed25519, algo: 'sk-ssh-ed25519@openssh.com' }, 'refused', /security keys .* are not/],
  ['DSA', { key: ALICE.ed25519, algo: 'ssh-dss' }, 'refused', /DSA keys are not accepted/],
]

for (const [what, request, kind, said] of CASES) {
  test(`${what}: ${kind}`, () => {
    const found = ask(request)
    assert.is(found.kind, kind)
    assert.match(found.said, said)
  })
}

test('accepts no method but a public key', () => {
  for (const method of ['none', 'password', 'keyboard-interactive', 'hostbased']) {
    let isRejected = false
    const context = {
      method,
      username: 'core-sw1',
      accept: () => assert.unreachable(),
      reject: () => (isRejected = true),
    }
    assert.is(authenticate(context as unknown as AuthContext, TECHNICIANS, () => {}).kind, 'refused')
    assert.ok(isRejected)
  }
})

test.run()
