/**
 * fast-check with a fixed seed, so that a run of the suite is the same everywhere. `PROPERTY_SEED=random` explores:
 * what it finds becomes a test of its own.
 */
import fc from 'fast-check'

// biome-ignore lint/style/noProcessEnv: the switch of a developer, not of the product
const seed = process.env['PROPERTY_SEED']

if (seed !== 'random') fc.configureGlobal({ seed: Number(seed ?? 20_261_122) })

export { fc }
