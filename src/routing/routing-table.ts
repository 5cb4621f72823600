/** Which publishing rule a host name belongs to. One table per listener; the cost does not grow with the rules. */
export class RoutingTable<Route> {
  readonly #exact = new Map<string, Route>()
  /** By the part behind `*`: `.contoso.com`. */
  readonly #wildcard = new Map<string, Route>()

  /** @param entries host patterns (`name` or `*.name`) and their routes; the first route of a pattern counts. */
  constructor(entries: Iterable<readonly [pattern: string, route: Route]>) {
    for (const [pattern, route] of entries) {
      const [map, key] = pattern.startsWith('*.')
        ? ([this.#wildcard, pattern.slice(1)] as const)
        : ([this.#exact, pattern] as const)
      if (!map.has(key)) map.set(key, route)
    }
  }

  /** As `match`, for names that a wildcard does not mean. */
  matchExact(name: string): Route | undefined {
    return this.#exact.get(name)
  }

  /**
   * Exact names before wildcards. A wildcard stands for one label, as in a certificate (RFC 9525 6.3).
   * @param name as `readHost` returns it
   */
  match(name: string): Route | undefined {
    const exact = this.matchExact(name)
    if (exact) return exact
    if (this.#wildcard.size === 0) return undefined
    const dot = name.indexOf('.')
    return dot <= 0 ? undefined : this.#wildcard.get(name.slice(dot))
  }
}
