/** The program `oobm-drop` at 127.0.0.1, on ports that the kernel chose, with folders of its own. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DropRecord, DropStatus } from '../../formats/file-drop.ts'
import { programArgs } from '../../testbed/programs.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export async function startFileDrop(context: TestContext, settings: object = {}) {
  const root = await scratchDirectory(context)
  const paths = { read: join(root, 'srv/read'), upload: join(root, 'srv/upload'), history: join(root, 'state/history') }
  const runtime = join(root, 'run/127.0.0.1')
  for (const path of [...Object.values(paths), join(root, 'spec'), runtime]) await mkdir(path, { recursive: true })
  const served = { version: 1, settings: { tftp: true, http: true, upload: true, ...settings }, problems: [] }
  await writeFile(join(root, 'spec/served.json'), JSON.stringify(served))
  const env = {
    OOBM_DROP: join(root, 'state'),
    OOBM_DROP_SERVED: join(root, 'srv'),
    OOBM_DROP_SPEC: join(root, 'spec'),
    OOBM_DROP_RUNTIME: join(root, 'run'),
    OOBM_TFTP_PORT: '0',
    OOBM_HTTP_PORT: '0',
  }
  const program = startProgram(process.execPath, [...programArgs('file-drop/main.ts'), '127.0.0.1'], { env })
  context.onFailure(() => program.output())
  context.cleanup(() => program.stop())
  const status = async (): Promise<DropStatus | undefined> =>
    JSON.parse(await readFile(join(runtime, 'status.json'), 'utf8').catch(() => 'null')) ?? undefined
  const first = await waitFor('its status', status)
  const portOf = (name: string) => first.serves.find(text => text.startsWith(`${name}:`))?.split(':')[1] ?? ''
  const history = async (): Promise<DropRecord[]> => {
    const text = await readFile(join(paths.history, 'equipment.jsonl'), 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))
  }
  return {
    ...paths,
    root,
    env,
    program,
    status,
    history,
    /** Waits for a record that has this. */
    recorded: (wanted: Partial<DropRecord>) =>
      waitFor(`${JSON.stringify(wanted)} in the history`, async () =>
        (await history()).find(record =>
          Object.entries(wanted).every(([key, value]) => record[key as keyof DropRecord] === value),
        ),
      ),
    tftp: Number(portOf('tftp')),
    http: `http://127.0.0.1:${portOf('http')}`,
  }
}
