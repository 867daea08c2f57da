/** `[files]`: which services give files to equipment on local addresses, and how much room they have. */
import * as z from 'zod'
import { portSchema } from './names.ts'

const MIB_MAX = 65_536

const mib = (min: number, what: string) =>
  z
    .int(`must be a whole number of MiB`)
    .min(min, `must be ${min} to ${MIB_MAX}: ${what}`)
    .max(MIB_MAX, `must be ${min} to ${MIB_MAX}: ${what}`)

export const fileDropSchema = z.strictObject({
  tftp: z.boolean().default(false).meta({ description: 'whether TFTP serves the files, on UDP port 69' }),
  ftp: z.boolean().default(false).meta({
    description: 'whether FTP serves the files, on port 21',
    details: 'The login is `anonymous` or `ftp`, with any password. It needs the package vsftpd.',
  }),
  http: z.boolean().default(false).meta({ description: 'whether HTTP serves the files, on `http_port`' }),
  httpPort: portSchema.default(8080).meta({ description: 'port of HTTP' }),
  upload: z.boolean().default(false).meta({
    description: 'whether equipment may put files into the upload directory, by each service that is on',
    details: 'Nobody can fetch them again by these services; administrators read them on the device.',
  }),
  readMib: mib(64, 'the read directory is a file system of this size').default(512).meta({
    description: 'size of the file system that the files to be fetched have',
    unit: 'MiB',
  }),
  uploadMib: mib(16, 'the upload directory is a file system of this size').default(64).meta({
    description: 'size of the file system that uploads have',
    unit: 'MiB',
  }),
})

export type FileDropSettings = z.output<typeof fileDropSchema>

/** Whether anything is served. */
export function isServed({ tftp, ftp, http }: Pick<FileDropSettings, 'tftp' | 'ftp' | 'http'>): boolean {
  return tftp || ftp || http
}
