/** docs/reliability.md, from results; pure. */
import { median } from '../../../lab/bench/figures.ts'
import { type KeptLines, type RowResult, spread } from './report.ts'

/** What the figures were measured on, in words that need no date. */
export interface Machine {
  cores: number
  kernel: string
  node: string
  ssh: string
}

const KEPT = '\nRows that this call did not run are as an earlier one left them.'

export function renderReliability(rows: readonly RowResult[], machine: Machine, command: string): string {
  const themes = [...new Set(rows.map(({ theme }) => theme))]
  return `# What goes wrong, and how soon it is well again

Made by \`${command}\`, which breaks the network, the relay and the device in each of these ways, in
network namespaces of its own, around the programs that ship; on ${machine.cores} cores with Linux ${machine.kernel}, Node.js ${machine.node} and
${machine.ssh}. In seconds: the median, and the 95th percentile in parentheses where it differs.${rows.some(({ kept }) => kept) ? KEPT : ''}

| column | |
| --- | --- |
| noticed | from the loss of the way back until \`ready\` is no longer shown |
| outlasts | the longest time for which \`ready\` was shown without a way back |
| healed | until a technician gets in and the state says so: from the end of the fault, or from its beginning where it ends unnoticed |
| autossh | until autossh's listener leads back into the device: on the same link in the same run, tuned (\`ServerAliveInterval 15\`, \`ClientAliveInterval 15\`, three each) |
| runs | of which the figures are; where a fault was shorter than its name says, for how long it was |
| bytes | on the device's link at IP level, from the fault until it is healed, in thousands |

${themes.map(theme => renderTheme(theme, rows)).join('\n')}
## How it is measured
A way back counts as there when a connection to the listener on the relay's 127.0.0.1 brings an SSH greeting, for the shell's
port and for the consoles'. It is tried five times a second. A listener that a dead session holds is not tried, but where a row
says so: sshd begins its \`ClientAliveInterval\` anew at each connection, so that trying would keep it.

Where the relay takes SSH within TLS, a HAProxy with the configuration of \`tls = true\` is before its sshd. The HTTP proxies are
squid and tinyproxy, on the device's router. Two uplinks are two cables, each with a network of its own.

What the device says is what every reader of its status takes: a status without a fresh heartbeat says nothing.

Not measured here: the whole machine's clock (the rows about the wall clock change the supervisor's alone), radio links, and
boards that lose their power; for the latter see [emulated-boards.md](emulated-boards.md).
`
}

/** What the page has of a row; undefined where it has nothing. @param title without the length of a shorter fault */
export function keptLines(page: string, title: string): KeptLines | undefined {
  const begins = (line: string, start: string, ends: readonly string[]) =>
    ends.some(end => line.startsWith(`${start}${title}${end}`))
  const lines = page.split('\n')
  const line = lines.find(one => begins(one, '| ', [' |', ' (here ', '; **']))
  const figures = lines.filter(one => begins(one, '- ', [': ', ' (here ']))
  return line === undefined ? undefined : { line, figures }
}

function renderTheme(theme: string, rows: readonly RowResult[]): string {
  const mine = rows.filter(row => row.theme === theme)
  const lines = mine.map(({ title, runs, missed, kept }) => {
    if (kept) return kept.line
    const cells = [
      missed.length > 0 ? `${title}; **beyond a limit**: ${missed.join('; ')}` : title,
      spread(runs.map(({ ours }) => ours?.noticeMs)),
      spread(runs.map(({ ours }) => ours?.outlastMs)),
      orNever(runs.map(({ ours }) => ours && (ours.healMs ?? 'never'))),
      orNever(runs.map(({ peer }) => peer && (peer.wayMs ?? 'never'))),
      String(runs.length),
      thousands(runs.flatMap(({ ours }) => (ours ? [ours.bytes] : []))),
      shown(runs),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = ['fault', 'noticed', 'outlasts', 'healed', 'autossh', 'runs', 'bytes', 'shown meanwhile']
  const figures = mine.flatMap(({ title, runs, kept }) => kept?.figures ?? ownFigures(title, runs))
  return [
    `## ${theme}`,
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...lines,
    ...(figures.length > 0 ? ['', ...figures] : []),
    '',
  ].join('\n')
}

/** What a row measures of its own, such as the bytes of a day. */
function ownFigures(title: string, runs: RowResult['runs']): string[] {
  const names = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))]
  return names.map(name => {
    const samples = runs.flatMap(({ figures }) => (figures[name] === undefined ? [] : [figures[name]]))
    return `- ${title}: ${name} ${median(samples)}`
  })
}

/** States with their causes, in the order of the first run that had them; how it was before and after is no news. */
function shown(runs: RowResult['runs']): string {
  const all = runs.flatMap(({ ours }) => ours?.states ?? [])
  const texts = all
    .filter(({ state, cause }) => !(state === 'ready' && cause.startsWith('proved: ')))
    .map(({ state, cause }) => `\`${state}\`: ${cause.replaceAll('|', '\\|')}`)
  return [...new Set(texts)].join('<br>')
}

/** The figures of those that came back, and how many never did; nothing where it was not measured. */
function orNever(samples: readonly (number | 'never' | undefined)[]): string {
  const measured = samples.filter(one => one !== undefined)
  const never = measured.filter(one => one === 'never').length
  if (never === 0) return spread(measured.filter(one => one !== 'never'))
  if (never === measured.length) return 'never'
  return `${spread(measured.filter(one => one !== 'never'))}, ${never} of ${measured.length} never`
}

function thousands(samples: readonly number[]): string {
  return samples.length === 0 ? '–' : (median(samples) / 1000).toFixed(0)
}
