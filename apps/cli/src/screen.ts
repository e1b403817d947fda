/** The terminal a screen is drawn on. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J'
const LEAVE = '\x1b[?25h\x1b[?1049l'

/**
 * A full-screen view drawn over in place, on the terminal's other page: what stood there before comes back with `close`. Each frame is
 * one write that never clears what it does not overwrite, so nothing flickers.
 */
export function openScreen(terminal: Terminal): { draw(frame: (width: number) => string): void; close(): void } {
  let last: (width: number) => string = () => ''
  const paint = () => {
    const [width, height] = [terminal.columns ?? 80, terminal.rows ?? 24]
    const lines = last(width).split('\n')
    const shown = lines.length <= height ? lines : [...lines.slice(0, height - 1), `… ${lines.length - height + 1} more lines`]
    terminal.write(`\x1b[H${shown.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`)
  }
  terminal.write(ENTER)
  terminal.on('resize', paint)
  return {
    draw: (frame) => {
      last = frame
      paint()
    },
    close: () => {
      terminal.off('resize', paint)
      terminal.write(LEAVE)
    },
  }
}
