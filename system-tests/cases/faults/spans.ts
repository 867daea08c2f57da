/** Stretches of time, and what is left of one when others are taken away; pure. */

export type Span = readonly [fromMs: number, toMs: number]

/** When, within the window, a series of changes is as asked; what adjoins is one span. */
export function stretches<T extends { atMs: number }>(
  [beginsMs, endsMs]: Span,
  series: readonly T[],
  is: (entry: T) => boolean,
): Span[] {
  const spans: [number, number][] = []
  for (const [at, entry] of series.entries()) {
    const fromMs = Math.max(entry.atMs, beginsMs)
    const toMs = Math.min(series[at + 1]?.atMs ?? endsMs, endsMs)
    const last = spans.at(-1)
    if (!is(entry) || toMs <= fromMs) continue
    if (last?.[1] === fromMs) last[1] = toMs
    else spans.push([fromMs, toMs])
  }
  return spans
}

/** What is left of a span. */
export function without(span: Span, others: readonly Span[]): Span[] {
  return others.reduce<Span[]>(
    (left, [fromMs, toMs]) =>
      left.flatMap(([a, b]): Span[] =>
        [[a, Math.min(b, fromMs)] as const, [Math.max(a, toMs), b] as const].filter(([from, to]) => to > from),
      ),
    [span],
  )
}

export const total = (spans: readonly Span[]) => spans.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0)
