/** Pages that have refused a Basic password: a good answer of one of them shows that a password was right. */

const MOST_PAGES = 512
const MOST_CHARACTERS = 512

export class DemandingPages {
  readonly #pages = new Set<string>()

  has(page: string): boolean {
    return this.#pages.has(page)
  }

  add(page: string): void {
    if (page.length > MOST_CHARACTERS) return
    this.#pages.delete(page)
    this.#pages.add(page)
    if (this.#pages.size <= MOST_PAGES) return
    for (const oldest of this.#pages) {
      this.#pages.delete(oldest)
      return
    }
  }
}
