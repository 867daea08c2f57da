/** An authority for tests, as a site's login server (RADIUS) and its clients have one: openssl's own `ca`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'

export interface Certified {
  /** PEM. */
  certificate: string
  key: string
  certificatePath: string
  keyPath: string
}

export interface Authority {
  certificate: string
  certificatePath: string
  /** @param name also the certificate's DNS name */
  issue(name: string): Promise<Certified>
}

/** Authority and certificates begin here: a board without a clock is long before it. */
const NOT_BEFORE = '20900101000000Z'
const NOT_AFTER = '20991231000000Z'

export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const directory = join(folder, name)
  await mkdir(directory, { recursive: true })
  const config = join(directory, 'ca.conf')
  await writeFile(join(directory, 'index'), '')
  await writeFile(config, configOf(directory))
  const own = { certificate: join(directory, 'own.crt'), key: join(directory, 'own.key') }
  const sign = async (request: string, out: string, options: string[]) => {
    const dates = ['-startdate', NOT_BEFORE, '-enddate', NOT_AFTER]
    await openssl(['ca', '-batch', '-notext', '-config', config, ...dates, '-in', request, '-out', out, ...options])
    return readFile(out, 'utf8')
  }
  const request = await makeRequest(directory, 'own', name, 'basicConstraints=critical,CA:true')
  const certificate = await sign(request, own.certificate, ['-selfsign', '-keyfile', own.key])
  return {
    certificate,
    certificatePath: own.certificate,
    issue: async subject => {
      const paths = { certificatePath: join(directory, `${subject}.crt`), keyPath: join(directory, `${subject}.key`) }
      const request = await makeRequest(directory, subject, subject, `subjectAltName=DNS:${subject}`)
      const options = ['-cert', own.certificate, '-keyfile', own.key]
      return {
        ...paths,
        certificate: await sign(request, paths.certificatePath, options),
        key: await readFile(paths.keyPath, 'utf8'),
      }
    },
  }
}

/** The key with a password, as openssl writes it today (PKCS #8), or as it did long ago (RFC 1421's header lines). */
export async function encryptKey(path: string, password: string, form: 'pkcs8' | 'traditional'): Promise<string> {
  const out = `${path}.${form}`
  const convert = form === 'pkcs8' ? ['pkcs8', '-topk8', '-v2', 'aes-256-cbc'] : ['ec', '-aes256']
  await openssl([...convert, '-in', path, '-out', out, '-passout', 'stdin'], `${password}\n`)
  return readFile(out, 'utf8')
}

async function makeRequest(directory: string, file: string, name: string, extension: string): Promise<string> {
  const request = join(directory, `${file}.csr`)
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    join(directory, `${file}.key`),
  ]
  await openssl(['req', '-new', ...key, '-subj', `/CN=${name}`, '-addext', extension, '-out', request])
  return request
}

function configOf(directory: string): string {
  return [
    ...['[ca]', 'default_ca = own', '[own]', `database = ${directory}/index`, `new_certs_dir = ${directory}`],
    ...['rand_serial = yes', 'default_md = sha256', 'policy = any', 'copy_extensions = copy', 'unique_subject = no'],
    ...['[any]', 'commonName = supplied', ''],
  ].join('\n')
}

async function openssl(args: string[], input?: string): Promise<void> {
  const { code, stderr } = await runProgram('openssl', args, input === undefined ? {} : { input })
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
}
