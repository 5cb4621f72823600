/**
 * Letters that a server may take for plain ones. NFKC has made plain letters of full-width ones already; this is the
 * rest of what conversion to a Windows code page does ("best fit", Microsoft bestfit1252.txt): accents are lost, Greek
 * letters and slashes of mathematics become plain, and characters without width vanish.
 */

/** The text as a lax reader would see it; the same text when it has nothing of the kind. */
export function foldLookAlikes(text: string): string {
  if (!/[^\x20-\x7e]/.test(text)) return text
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\p{Z}/gu, ' ')
    .replace(/[^\x20-\x7e]/gu, (char) => bestFit.get(char) ?? char)
}

/** What decomposition leaves, of letters in names of directories and of what parts them; lower case. */
const bestFit: ReadonlyMap<string, string> = new Map([
  ...pairs('đðδ', 'd'),
  ...pairs('łŀ', 'l'),
  ...pairs('ħ', 'h'),
  ...pairs('ŧτþθ', 't'),
  ...pairs('øωο', 'o'),
  ...pairs('αа', 'a'),
  ...pairs('εе', 'e'),
  ...pairs('πрρ', 'p'),
  ...pairs('σς', 's'),
  ...pairs('с', 'c'),
  ...pairs('φƒ', 'f'),
  ...pairs('γɡ', 'g'),
  ...pairs('ŋη', 'n'),
  ...pairs('ıι', 'i'),
  ...pairs('⁄∕⧸', '/'),
  ...pairs('∖⧹¥₩', '\\'),
  ...pairs('∙·․', '.'),
  ...pairs('∶ː', ':'),
  ...pairs('∗', '*'),
  ...pairs('˜∼', '~'),
])

function pairs(from: string, to: string): (readonly [string, string])[] {
  return [...from].map((char) => [char, to] as const)
}
