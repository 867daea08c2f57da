/** What systemd does for settings from afar: it starts oobm-apply when a document has come, and restarts units for it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UnitEnvironment } from './prepare-unit.ts'
import { programPath } from './provision.ts'

export interface SettingsUnits {
  /** For the programs that bring documents, or show what became of them. */
  environment: Record<'OOBM_ROOT' | 'OOBM_SETTINGS_SPOOL' | 'OOBM_SETTINGS_RECORD', string>
  /** The folder with a file for each unit: see {@link restarting}. */
  units: string
  /** The command of a unit, which `systemctl restart` starts anew. */
  restartable(unit: string, command: readonly string[]): string[]
  /** In the place of oobm-apply.path. */
  apply: { command: string[]; environment: NodeJS.ProcessEnv }
}

/** Seconds: RestartSec= of the units. */
const RESTART_S = 2

/**
 * What systemd does for `Restart=always` with `RestartPreventExitStatus=78`. `$0` is the file with the process id. A unit that is
 * to start anew at once has a file beside it, and one that is to stay ended another.
 */
const RESTARTABLE = `
stop= pid=
trap 'stop=1; [ -z "$pid" ] || kill "$pid" 2>/dev/null' TERM
while [ -z "$stop" ]; do
  if [ -e "$0.stopped" ]; then sleep 0.2; continue; fi
  setsid setpriv --pdeathsig TERM "$@" & pid=$!
  echo "$pid" >"$0"
  wait "$pid"; code=$?
  if [ "$stop" ]; then wait "$pid"; exit; fi
  kill -9 "-$pid" 2>/dev/null
  pid=
  [ "$code" != 78 ] || exit 78
  if [ -e "$0.restart" ]; then rm -f "$0.restart"; continue; fi
  [ ! -e "$0.stopped" ] || continue
  sleep ${RESTART_S} & wait $!
done`

/**
 * @param file gets the process id; the program leads a process group
 * @returns a command that starts another one, and starts it again whenever it ends
 */
export function restarting(file: string, command: readonly string[]): string[] {
  return ['sh', '-c', RESTARTABLE, file, ...command]
}

/** `$0` is the folder of documents. */
const ON_DOCUMENT = `
while :; do
  for document in "$0"/*.settings; do
    [ ! -e "$document" ] || "$@"
    break
  done
  sleep 1
done`

/**
 * @param root the lab's folder
 * @param device the folder in the place of the device's root
 * @param program the path of a bundled program
 */
export async function settingsUnits(
  root: string,
  device: string,
  { supervisor, bridge }: Record<'supervisor' | 'bridge', UnitEnvironment>,
  program = programPath,
): Promise<SettingsUnits> {
  const at = (path: string) => join(device, path)
  const [spool, runtime, units, bin] = [
    at('run/oobm-settings'),
    at('run/oobm-apply'),
    at('run/units'),
    join(root, 'bin'),
  ]
  for (const folder of [spool, runtime, units, bin, at('var/lib/oobm-apply')])
    await mkdir(folder, { recursive: true, mode: 0o700 })
  const systemctl = `#!/bin/sh
# Stands for systemctl(1) in the lab.
unit='${units}/'\${2%.service}
[ "$1" = restart ] && [ -e "$unit" ] || exit 0
: >"$unit.restart"
kill "$(cat "$unit")"
`
  await writeFile(join(bin, 'systemctl'), systemctl)
  await chmod(join(bin, 'systemctl'), 0o755)
  const environment = {
    ...{ OOBM_ROOT: device, OOBM_SETTINGS_SPOOL: spool },
    OOBM_SETTINGS_RECORD: at('var/lib/oobm-apply/settings.json'),
  }
  return {
    units,
    environment,
    restartable: (unit, command) => restarting(join(units, unit), command),
    apply: {
      command: ['sh', '-c', ON_DOCUMENT, spool, process.execPath, program('oobm-apply')],
      environment: {
        ...environment,
        ...{ PATH: `${bin}:${process.env.PATH}`, RUNTIME_DIRECTORY: runtime },
        OOBM_RUNTIME_DIRECTORY: supervisor.RUNTIME_DIRECTORY,
        OOBM_CONSOLE_RUNTIME_DIRECTORY: bridge.RUNTIME_DIRECTORY,
      },
    },
  }
}
