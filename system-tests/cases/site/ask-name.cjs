// Asks a network for the IPv4 address of a name by mDNS, as a simple client does (RFC 6762, 5.1): `ask-name.cjs NAME OWN-ADDRESS`.
const [name, own] = process.argv.slice(2)
const labels = name.split('.').flatMap(label => [Buffer.from([label.length]), Buffer.from(label)])
const QUERY = Buffer.concat([
  Buffer.from('000100000001000000000000', 'hex'),
  ...labels,
  Buffer.from('0000010001', 'hex'),
])
/** A record of type A: type, class, time to live, length, address. */
const RECORD = /\0\x01[\0\x80]\x01.{4}\0\x04(.{4})/s
const socket = require('node:dgram').createSocket('udp4')
socket.on('message', answer => {
  const address = RECORD.exec(answer.toString('latin1'))?.[1]
  if (address === undefined) return
  process.stdout.write(`${[...Buffer.from(address, 'latin1')].join('.')}\n`, () => process.exit(0))
})
socket.bind(0, own, () => {
  socket.setMulticastInterface(own)
  const ask = () => socket.send(QUERY, 5353, '224.0.0.251')
  ask()
  setInterval(ask, 1_000)
})
setTimeout(() => process.exit(1), 10_000)
