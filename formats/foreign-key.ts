/** Keys in other forms than the line of OpenSSH: what to do with each; pure. */

/** What to do about a key in another form; undefined for any other text. It repeats nothing of the text. */
export function foreignKeyProblem(text: string): string | undefined {
  if (/PuTTY-User-Key-File-\d/.test(text)) {
    return 'is a private key of PuTTY: give the public one: open it in PuTTYgen ("Load") and copy the text of "Public key for pasting into OpenSSH authorized_keys file", or run "puttygen FILE.ppk -O public-openssh"'
  }
  if (/PRIVATE KEY/.test(text)) {
    return 'is a private key: give the public one, the line in the .pub file ("ssh-keygen -y -f FILE" prints it)'
  }
  const [, pem] = /-----BEGIN ((?:RSA )?PUBLIC KEY)-----/.exec(text) ?? []
  if (pem !== undefined) {
    const form = pem === 'PUBLIC KEY' ? 'PKCS8' : 'PEM'
    return `is a public key in another form: "ssh-keygen -i -m ${form} -f FILE" prints the line that is needed`
  }
  return undefined
}
