/**
 * The three `Reflect` functions that `@peculiar/x509` expects somebody else to provide: its dependency
 * container refuses to load without them. Import this file before the library. Where a full polyfill
 * is already loaded, it stays.
 */

type Metadata = Map<unknown, unknown>

const known = new WeakMap<object, Metadata>()

function ownMetadata(key: unknown, target: object): unknown {
  return known.get(target)?.get(key)
}

function inheritedMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at; at = Object.getPrototypeOf(at)) {
    if (known.get(at)?.has(key)) return ownMetadata(key, at)
  }
  return undefined
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const metadata: Metadata = known.get(target) ?? new Map()
  known.set(target, metadata.set(key, value))
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, {
    defineMetadata,
    getOwnMetadata: ownMetadata,
    getMetadata: inheritedMetadata,
  })
}
