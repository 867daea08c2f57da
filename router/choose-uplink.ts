/** Where hosts go: by the uplink that carries the tunnel, else where the kernel routes; pure. */

/** A line of `ip -j -4 route show table main`. */
export interface Route {
  dst: string
  gateway?: string | undefined
  dev: string
  metric?: number | undefined
  flags?: readonly string[] | undefined
}

export interface Choice {
  name: string
  /** As the end of a sentence: "hosts go out by wlan0: …". */
  why: string
}

/**
 * @param carrying the interface that the supervisor says carries the tunnel
 * @param locals interfaces of the local side
 */
export function chooseUplink(
  routes: readonly Route[],
  carrying: string | undefined,
  locals: readonly string[],
): Choice | undefined {
  const defaults = routes
    .filter(({ dst, dev, flags = [] }) => dst === 'default' && !locals.includes(dev) && !flags.includes('linkdown'))
    .toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
  if (defaults.some(({ dev }) => dev === carrying) && carrying !== undefined)
    return { name: carrying, why: 'it carries the tunnel' }
  const [first] = defaults
  if (first === undefined) return undefined
  if (carrying !== undefined)
    return { name: first.dev, why: `${carrying}, which carries the tunnel, has no default route for IPv4` }
  return { name: first.dev, why: 'it has the default route' }
}

/** Routes of the hosts' own table, as ip-route(8) reads them: to the uplink's networks, its default route, and back to the hosts. */
export function hostRoutes(
  routes: readonly Route[],
  uplink: string | undefined,
  inside: { interface: string; network: string },
): string[] {
  const own = routes.filter(({ dev }) => dev === uplink)
  const [way] = own.filter(({ dst }) => dst === 'default').toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
  const out = [...own.filter(({ dst }) => dst !== 'default'), ...(way === undefined ? [] : [way])]
  return [
    `${inside.network} dev ${inside.interface} scope link`,
    ...out.map(({ dst, gateway, dev, flags = [] }) =>
      [
        dst,
        ...(gateway === undefined ? [] : [`via ${gateway}`]),
        `dev ${dev}`,
        ...(gateway === undefined ? ['scope link'] : []),
        ...(flags.includes('onlink') ? ['onlink'] : []),
      ].join(' '),
    ),
    // Who has no way out is told so by the rules, which see nothing of what a route of the kind "unreachable" refuses.
    'default dev lo scope link metric 4278198272',
  ]
}
