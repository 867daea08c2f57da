/** `oobm-relay settings sign`: writes a signed document for a device, to bring there by hand. */
import { resolve } from 'node:path'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import { reasonOf } from '../../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../../runtime/write-atomically.ts'
import { defineCommand, deviceOf, withFleet } from '../../command.ts'
import { SIGN_OPTIONS, signDocuments } from '../../settings/signed-documents.ts'

export const sign = defineCommand({
  summary: 'write the signed settings of a device into a file, to bring there by hand',
  details: ['It asks no relay: where a push from another machine was later, give the number with --serial.'],
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: { out: { value: 'FILE', help: 'write FILE instead of DEVICE.settings' }, ...SIGN_OPTIONS },
  examples: ['settings sign tokyo-rack1'],
  run: withFleet(async input => {
    const { name } = deviceOf(input)
    const { documents } = await signDocuments(input, [name], () => [])
    for (const { serial, document } of documents) {
      const out = resolve(String(input.values.out ?? `${name}.settings`))
      try {
        await writeAtomically(out, document, 0o644)
      } catch (err) {
        throw new UserError(`cannot write ${out}: ${reasonOf(err)}`, EXIT.failed, { cause: err })
      }
      input.print(`wrote ${out}, serial ${serial}`)
      input.print(
        `On ${name}: "sudo oobm settings apply FILE", or copy it onto its card (OOBM-BOOT); the device refuses it once it has a higher serial number.`,
      )
    }
    return EXIT.ok
  }),
})
