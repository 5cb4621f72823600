/** Colours of the status page that people read: WCAG 2.2, 1.4.3 (text, 4.5 to 1) and 1.4.11 (lines of charts, 3 to 1). */
import { readFileSync } from 'node:fs'
import t from 'tap'

const css = readFileSync(new URL('../../../../src/admin/page/page.css', import.meta.url), 'utf8')
const blocks = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) => coloursOf(block))
const [light = {}, darkOnly = {}] = blocks
const themes = { light, dark: { ...light, ...darkOnly } }

const TEXT: readonly (readonly [string, string])[] = [
  ...['text', 'muted', 'accent', 'good', 'warn', 'bad'].flatMap((colour) =>
    ['card', 'back'].map((ground) => [colour, ground] as const),
  ),
  ['on-accent', 'accent'],
  ['good', 'good-back'],
  ['warn', 'warn-back'],
  ['bad', 'bad-back'],
  ['text', 'plain-back'],
]

for (const [name, colours] of Object.entries(themes)) {
  t.test(name, async (t) => {
    const ratio = (one: string, other: string): number => contrast(colours[one], colours[other])
    for (const [one, other] of TEXT) t.ok(ratio(one, other) >= 4.5, `${one} on ${other}`)
    const lines = Object.keys(colours).filter((each) => each.startsWith('series-'))
    t.ok(lines.length > 3)
    for (const line of lines) t.ok(ratio(line, 'card') >= 3, line)
  })
}

function coloursOf(block: string): Readonly<Record<string, string>> {
  const found = [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)]
  return Object.fromEntries(found.map(([, name = '', colour = '']) => [name, colour]))
}

function contrast(one = '', other = ''): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (higher + 0.05) / (lower + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
