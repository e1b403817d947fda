/** Events by time; of equal times in the order they were added. */
export class EventHeap<E> {
  readonly #items: { at: number; order: number; event: E }[] = []
  #count = 0

  push(at: number, event: E): void {
    const items = this.#items
    this.#count += 1
    items.push({ at, order: this.#count, event })
    for (let i = items.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!this.#isBefore(i, parent)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  pop(): { at: number; event: E } | undefined {
    const items = this.#items
    const [first] = items
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    items[0] = last
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < items.length && this.#isBefore(child, least)) least = child
      if (least === i) return first
      this.#swap(i, least)
      i = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, two] = [this.#items[a], this.#items[b]]
    if (one === undefined || two === undefined) return false
    return one.at < two.at || (one.at === two.at && one.order < two.order)
  }

  #swap(a: number, b: number): void {
    const [one, two] = [this.#items[a], this.#items[b]]
    if (one === undefined || two === undefined) return
    this.#items[a] = two
    this.#items[b] = one
  }
}
