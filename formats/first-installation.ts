/** `[[first_installation]]`: what equipment without a configuration is told by DHCP, so that it finds its first one. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { nameSchema } from './names.ts'

/** Bytes of one option (RFC 2132, 2). */
const OPTION_BYTES = 255
/** Of the header's file (RFC 2131, 2): equipment that reads no option 67 reads that. */
const FILE_BYTES = 127

/** Nothing that would end a line or a field of dnsmasq's configuration. */
const textSchema = z
  .string()
  .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be plain characters, without a space at either end')
  .regex(/^[^"\\,#]*$/, 'must not contain any of " \\ , #')

const ipv4Schema = z.string().refine(text => isIP(text) === 4, 'must be an IPv4 address')

export const firstInstallationSchema = z
  .strictObject({
    name: nameSchema.meta({ description: 'name of the entry', example: 'nexus' }),
    mac: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/, 'must be a MAC address such as 00:1c:73:00:00:01')
      .transform(text => text.toLowerCase())
      .optional()
      .meta({ description: 'for this piece of equipment', example: '00:1c:73:00:00:01' }),
    vendorClass: textSchema.max(64, 'must have at most 64 characters').optional().meta({
      description: 'for all whose vendor class (option 60) contains this text',
      details: 'An entry with the MAC address of the equipment has precedence.',
      example: 'ciscopnp',
    }),
    nextServer: ipv4Schema.optional().meta({
      description: 'address of the server with the files (siaddr)',
      whenLeftOut: 'default: the address of the port',
      example: '192.168.77.1',
    }),
    bootFile: textSchema.max(FILE_BYTES, `must have at most ${FILE_BYTES} characters`).optional().meta({
      description: 'file or URL of the first configuration or script (option 67)',
      example: 'http://192.168.77.1/poap.py',
    }),
    tftpServerName: textSchema.max(63, 'must have at most 63 characters').optional().meta({
      description: 'name or address of the TFTP server as text (option 66)',
      example: '192.168.77.1',
    }),
    tftpServers: z
      .array(ipv4Schema)
      .max(8, 'must be at most 8')
      .default([])
      .meta({ description: 'addresses of TFTP servers (option 150)' }),
    vendorOptions: z
      .array(z.string().refine(isSuboption, 'must be a number 0 to 254, = and a text, such as "1=site/first.conf"'))
      .default([])
      .meta({ description: 'parts of option 43, as number=text' }),
    vendorText: textSchema.max(OPTION_BYTES, `must have at most ${OPTION_BYTES} characters`).optional().meta({
      description: 'option 43 as one text, in place of `vendor_options`',
      example: '5A1N;B2;K4;I192.168.77.1;J80',
    }),
    vendorHex: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}){1,255}$/, 'must be 1 to 255 bytes in hexadecimal digits, such as 0104c0a84d01')
      .optional()
      .meta({ description: 'option 43 as bytes, in place of `vendor_options`', example: '0104c0a84d01' }),
  })
  .superRefine((entry, context) => {
    const report = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (entry.mac === undefined && entry.vendorClass === undefined)
      report('mac', 'is missing: for whom is it? Write mac, or vendor_class')
    if (entry.mac !== undefined && entry.vendorClass !== undefined)
      report('vendorClass', 'does not go together with mac: make two entries')
    const forms = [entry.vendorOptions.length > 0, entry.vendorText !== undefined, entry.vendorHex !== undefined]
    if (forms.filter(Boolean).length > 1)
      report('vendorOptions', 'is option 43, and so are vendor_text and vendor_hex: use one of them')
    if (optionBytes(entry.vendorOptions).length > OPTION_BYTES)
      report('vendorOptions', `must be at most ${OPTION_BYTES} bytes, with two for each part`)
    const { bootFile, tftpServerName, tftpServers, nextServer } = entry
    if (!forms.includes(true) && !bootFile && !tftpServerName && !nextServer && tftpServers.length === 0)
      report('bootFile', 'is missing: the entry says nothing to the equipment; write boot_file, or another option')
  })

export type FirstInstallation = z.output<typeof firstInstallationSchema>

/** Option 43 in hexadecimal digits (RFC 2132, 8.4); undefined where the entry has none. */
export function vendorOptionHex({ vendorOptions, vendorText, vendorHex }: FirstInstallation): string | undefined {
  if (vendorHex !== undefined) return vendorHex.toLowerCase()
  if (vendorText !== undefined) return Buffer.from(vendorText).toString('hex')
  return vendorOptions.length === 0 ? undefined : optionBytes(vendorOptions).toString('hex')
}

function optionBytes(suboptions: readonly string[]): Buffer {
  return Buffer.concat(
    suboptions.map(text => {
      const at = text.indexOf('=')
      const value = Buffer.from(text.slice(at + 1))
      return Buffer.concat([Buffer.from([Number(text.slice(0, at)), value.length]), value])
    }),
  )
}

function isSuboption(text: string): boolean {
  const [, code] = /^(\d{1,3})=[ -~]{1,200}$/.exec(text) ?? []
  return code !== undefined && Number(code) <= 254
}
