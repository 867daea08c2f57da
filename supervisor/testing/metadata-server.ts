/** A metadata address for tests: serves what a file holds, and says on its output who asks. Arguments: ADDRESS PORT FILE. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [address = '', port = '', file = ''] = process.argv.slice(2)

createServer((request, response) => {
  process.stdout.write(`asked ${request.method} ${request.url} for ${request.headers.host}\n`)
  response.writeHead(200, { 'content-type': 'application/json' }).end(readFileSync(file))
}).listen(Number(port), address, () => process.stdout.write('listening\n'))
