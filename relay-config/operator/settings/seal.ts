/** Encrypts a secret to a device by age(1), whose recipients may be SSH keys: only the device can read it. */
import { spawn } from 'node:child_process'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'

/** @param publicKey the device's bridge host key. @throws UserError */
export function sealTo(publicKey: string, secret: string, signal: AbortSignal): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('age', ['--armor', '--recipient', publicKey], { stdio: 'pipe', signal })
    let [sealed, said] = ['', '']
    child.stdout.setEncoding('utf8').on('data', text => {
      sealed += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      said += text
    })
    child.stdin.on('error', () => {})
    child.stdin.end(secret)
    child.once('error', err => {
      const isMissing = errorCode(err) === 'ENOENT'
      const message = isMissing
        ? 'age is not installed, and secrets leave this machine encrypted only: install the package age'
        : `cannot run age: ${err.message}`
      fail(new UserError(message, EXIT.unavailable, { cause: err }))
    })
    child.once('close', code =>
      code === 0 ? done(sealed) : fail(new UserError(`age did not encrypt: ${said.trim()}`, EXIT.failed)),
    )
  })
}
