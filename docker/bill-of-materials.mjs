/**
 * The bill of materials of the image (CycloneDX 1.5), from package-lock.json: each package that is installed in
 * production, and Node with what is built into it. The same files give the same bill.
 *
 *   node docker/bill-of-materials.mjs package-lock.json > sbom.cdx.json
 *
 * Not `npm sbom --omit=dev`: npm 11.19 leaves out packages that development needs as well (seen with yaml and semver).
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What of `process.versions` scanners know holes of. */
const BUILT_IN = ['openssl', 'v8', 'uv', 'llhttp', 'undici', 'zlib', 'ares', 'nghttp2', 'icu']

const { packages } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { '': product, ...all } = packages
const nameOf = (path) => path.replace(/^.*node_modules\//, '')
const refOf = (path) => `${nameOf(path)}@${all[path].version}`
// What stands in two places is one component.
const installed = [
  ...new Map(
    Object.entries(all)
      .filter(([, { dev }]) => !dev)
      .map((entry) => [refOf(entry[0]), entry]),
  ).values(),
]
const npmUrl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** `node_modules/a/node_modules/b` looks for `c` below itself, then below `a`, then at the top. */
function find(from, name) {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (all[path]) return path
    if (at === '') return undefined
  }
}
const needs = (path, { dependencies = {}, peerDependencies = {}, optionalDependencies = {} }) =>
  Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
    .map((name) => find(path, name))
    .filter((found) => found && !all[found].dev)
    .map(refOf)

const licences = (text) =>
  / OR | AND /.test(text) ? [{ expression: text }] : [{ license: { id: text } }]
const fromNpm = ([path, { version, license, integrity }]) => ({
  'bom-ref': refOf(path),
  type: 'library',
  name: nameOf(path),
  version,
  scope: 'required',
  purl: npmUrl(nameOf(path), version),
  licenses: licences(license),
  hashes: [
    { alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') },
  ],
})
const generic = (name, version) => ({
  'bom-ref': `${name}@${version}`,
  type: 'library',
  name,
  version,
  scope: 'required',
  purl: `pkg:generic/${name}@${encodeURIComponent(version)}`,
})
const { node: version, ...versions } = process.versions
const node = {
  ...generic('node', version),
  type: 'platform',
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  components: BUILT_IN.filter((name) => versions[name]).map((name) => generic(name, versions[name])),
}
const self = `${product.name}@${product.version}`
const bill = {
  $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    component: {
      'bom-ref': self,
      type: 'application',
      name: product.name,
      version: product.version,
      purl: npmUrl(product.name, product.version),
      licenses: licences(product.license),
    },
  },
  components: [...installed.map(fromNpm), node],
  dependencies: [
    { ref: self, dependsOn: [...needs('', product), node['bom-ref']] },
    ...installed.map(([path, entry]) => ({ ref: refOf(path), dependsOn: needs(path, entry) })),
    { ref: node['bom-ref'], dependsOn: [] },
  ],
}
const hex = createHash('sha256').update(JSON.stringify(bill)).digest('hex')
// In the form of a UUID with content of one's own (RFC 9562 5.8).
const serial = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
process.stdout.write(`${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${serial}` }, null, 2)}\n`)
