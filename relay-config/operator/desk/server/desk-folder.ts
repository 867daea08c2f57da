/** The folder of one run of the desk, which nobody else can read: the file that opens the page, and ssh's shared connections. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { html } from '../../../../runtime/html.ts'

/**
 * Characters of the folder: the path of a socket has at most 104 on macOS (unix(4)) and 108 on Linux, and ssh adds 17 while it
 * makes one.
 */
const FOLDER_MAX = 72

/** Below $XDG_RUNTIME_DIR where there is one: it is in memory, and ends with the person's login. */
export async function makeDeskFolder(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const runtime = env.XDG_RUNTIME_DIR
  const isUsable = runtime !== undefined && (await stat(runtime).catch(() => undefined))?.isDirectory() === true
  for (const parent of isUsable ? [runtime, tmpdir()] : [tmpdir()]) {
    const prefix = join(parent, 'oobm-desk-')
    if (prefix.length + 6 > FOLDER_MAX) continue
    // With mode 0700, and a name that nobody else can take first.
    return mkdtemp(prefix)
  }
  return mkdtemp('/tmp/oobm-desk-')
}

/** The token is in the file and not in an address: every user of this machine can read the command line of a browser. */
export async function writeEntrance(folder: string, port: number, token: string): Promise<string> {
  const file = join(folder, 'open-desk.html')
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>oobm desk</title>
<form method="post" action="http://127.0.0.1:${port}/enter">
<input type="hidden" name="token" value="${token}">
<p><button>Open the desk</button></p>
</form>
<script>document.forms[0].submit()</script>
`
  await rm(file, { force: true })
  await writeFile(file, page.text, { mode: 0o600, flag: 'wx' })
  return file
}
