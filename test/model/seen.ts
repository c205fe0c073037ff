/** 53 bits of a text. */
export const hashOf = (text: string): number => {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0) + 1
}

/** Hashes that were seen, each with the move that led there first: a few bytes a state. */
export class Seen {
  size = 0
  #table = new Float64Array(1 << 16)
  #at = new Int32Array(1 << 16)
  #from = new Int32Array(1 << 16)
  #by = new Uint16Array(1 << 16)

  /** Its number, and whether it is new. */
  add(hash: number, { from, by }: { from: number; by: number }): { at: number; fresh: boolean } {
    if (this.size * 2 > this.#table.length) this.#grow()
    const slot = this.#slot(hash)
    if (this.#table[slot] === hash) return { at: this.#at[slot] as number, fresh: false }
    this.#table[slot] = hash
    this.#at[slot] = this.size
    this.#from[this.size] = from
    this.#by[this.size] = by
    return { at: this.size++, fresh: true }
  }

  /** The moves that lead there from the beginning. */
  wayTo(index: number): number[] {
    const way: number[] = []
    for (let at = index; at > 0; at = this.#from[at] as number) way.unshift(this.#by[at] as number)
    return way
  }

  #slot(hash: number): number {
    const mask = this.#table.length - 1
    let slot = (hash ^ (hash / 65536)) & mask
    while (this.#table[slot] !== 0 && this.#table[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [table, at] = [this.#table, this.#at]
    this.#table = new Float64Array(table.length * 2)
    this.#at = new Int32Array(table.length * 2)
    for (const [index, hash] of table.entries()) {
      if (hash === 0) continue
      const slot = this.#slot(hash)
      this.#table[slot] = hash
      this.#at[slot] = at[index] as number
    }
    this.#from = grown(this.#from, new Int32Array(table.length * 2))
    this.#by = grown(this.#by, new Uint16Array(table.length * 2))
  }
}

const grown = <A extends Int32Array | Uint16Array>(old: A, larger: A): A => {
  larger.set(old)
  return larger
}
