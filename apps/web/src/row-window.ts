import { type RefObject, useEffect, useRef, useState } from 'react'

/** Rows `[start, end)` of a table, and the heights of the space before and after them in CSS pixels. */
export interface RowWindow {
  readonly start: number
  readonly end: number
  readonly before: number
  readonly after: number
}

interface Sight {
  /** Rows of the table. */
  readonly count: number
  /** How far the table's first row is above the top edge of the screen; negative below it. */
  readonly above: number
  readonly screen: number
  readonly rowHeight: number
}

/** A table of at most so many rows is shown whole: the browser's own search finds everything in it. */
const WHOLE = 60
/** Rows come and go by so many, so that scrolling by a few changes nothing. */
const BLOCK = 5
/** Used until a row has been measured. */
const ROW_HEIGHT = 34

/** The rows to show: those on the screen and a block above and below, in whole blocks; all of a small table. */
export function windowOf({ count, above, screen, rowHeight }: Sight): RowWindow {
  if (count <= WHOLE) return { start: 0, end: count, before: 0, after: 0 }
  const block = (pixels: number) => Math.floor(pixels / rowHeight / BLOCK)
  const end = Math.min(count, Math.max(1, block(above + screen) + 2) * BLOCK)
  const start = Math.max(0, Math.min(block(above) - 1, Math.ceil(count / BLOCK) - 1)) * BLOCK
  return { start: Math.min(start, end), end, before: Math.min(start, end) * rowHeight, after: (count - end) * rowHeight }
}

/** The window of a table body of rows of one height, kept up to date while the page or a box around it scrolls; `body` goes on its `tbody`. */
export function useRowWindow(count: number): RowWindow & { readonly body: RefObject<HTMLTableSectionElement | null> } {
  const body = useRef<HTMLTableSectionElement>(null)
  const [shown, setShown] = useState({ count: 0, window: windowOf({ count: 0, above: 0, screen: 0, rowHeight: 1 }) })
  const first = () => windowOf({ count, above: 0, screen: innerHeight, rowHeight: ROW_HEIGHT })
  useEffect(() => {
    const look = () => {
      const row = body.current?.querySelector<HTMLElement>('tr:not(.space)')
      if (!body.current || !row) return
      const sight = { count, above: -body.current.getBoundingClientRect().top, screen: innerHeight, rowHeight: row.offsetHeight }
      const window = windowOf(sight)
      setShown((was) => {
        const isSame = was.count === count && was.window.start === window.start && was.window.end === window.end
        return isSame ? was : { count, window }
      })
    }
    look()
    // Captured: the table may scroll within a box, whose scrolling does not bubble.
    addEventListener('scroll', look, { passive: true, capture: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look, { capture: true })
      removeEventListener('resize', look)
    }
  }, [count])
  return { body, ...(shown.count === count ? shown.window : first()) }
}
