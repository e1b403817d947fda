import { escapeHtml } from './escape-html.ts'
import type { SweepReport } from './report.ts'
import { sizeOf } from './report-findings.ts'

const WIDTH = 720
const HEIGHT = 320
const LEFT = 56
const RIGHT = 24
const TOP = 16
const BOTTOM = 44
/** Height of a label's line and width of its average letter. */
const LINE = 13
const LETTER = 6

interface Point {
  readonly x: number
  readonly y: number
  readonly name: string
  readonly label: string
}

/** Size (log) against Mean (Task) as inline SVG; colours come from the page's variables. Empty text without two sized systems. */
export function sizePlot({ systems }: SweepReport): string {
  const sized = systems.flatMap((one) => {
    const size = sizeOf(one)
    return size === null || one.mean === null ? [] : [{ size, mean: one.mean, name: one.name }]
  })
  if (sized.length < 2) return ''
  const sizes = sized.map(({ size }) => Math.log10(size))
  const x = scale(pad(Math.min(...sizes), Math.max(...sizes), 0.15), [LEFT, WIDTH - RIGHT])
  const means = sized.map(({ mean }) => mean)
  const range = pad(Math.min(...means), Math.max(...means), 0.01)
  const y = scale(range, [HEIGHT - BOTTOM, TOP])
  const points = sized.map(({ size, mean, name }): Point => {
    const label = `${name}: ${count(size)} parameters, mean ${mean.toFixed(4)}`
    return { x: x(Math.log10(size)), y: y(mean), name, label }
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Size against Mean (Task)">
${axes(sizes, range, { x, y })}
${points.map(({ x: cx, y: cy, label }) => `<circle cx="${at(cx)}" cy="${at(cy)}" r="5" class="dot"><title>${escapeHtml(label)}</title></circle>`).join('\n')}
${labels(points)}
</svg>`
}

function axes(
  sizes: readonly number[],
  range: readonly [number, number],
  { x, y }: Record<'x' | 'y', (value: number) => number>,
): string {
  const ticksOfX = [...new Set(sizes.map((size) => size.toFixed(2)))].map(Number)
  const shown = ticksOfX.sort((a, b) => a - b).filter((tick, i, all) => i === 0 || x(tick) - x(all[i - 1] as number) > 60)
  const ticksOfY = [0, 0.25, 0.5, 0.75, 1].map((share) => range[0] + share * (range[1] - range[0]))
  const bottom = HEIGHT - BOTTOM
  return [
    ...ticksOfY.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}" class="grid"/><text x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${tick.toFixed(3)}</text>`,
    ),
    ...shown.map((tick) => `<text x="${at(x(tick))}" y="${bottom + 18}" text-anchor="middle">${count(10 ** tick)}</text>`),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">parameters (log)</text>`,
  ].join('\n')
}

interface Label {
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'end' | 'middle'
  readonly text: string
}

/** Names beside their dots, above or below them, the highest first; one that finds no free place is left to the dot's title. */
function labels(points: readonly Point[]): string {
  const placed: Label[] = []
  for (const { x, y, name } of points.toSorted((a, b) => a.y - b.y)) {
    const text = name.length > 34 ? `${name.slice(0, 33)}…` : name
    const places: Label[] = [
      { x: x + 9, y: y + 4, anchor: 'start', text },
      { x: x - 9, y: y + 4, anchor: 'end', text },
      { x, y: y - 10, anchor: 'middle', text },
      { x, y: y + 18, anchor: 'middle', text },
    ]
    const free = places.find(
      (label) => isInside(label) && !placed.some((other) => overlap(label, other)) && !points.some((dot) => covers(label, dot)),
    )
    if (free !== undefined) placed.push(free)
  }
  return placed
    .map(
      ({ x, y, anchor, text }) =>
        `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" class="name">${escapeHtml(text)}</text>`,
    )
    .join('\n')
}

/** Left and right end of a label; letters are taken as wide as an average one. */
function ends({ x, anchor, text }: Label): [number, number] {
  const width = text.length * LETTER
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return [left, left + width]
}

function isInside(label: Label): boolean {
  const [left, right] = ends(label)
  return left >= LEFT && right <= WIDTH && label.y > LINE && label.y < HEIGHT - BOTTOM + 4
}

function overlap(a: Label, b: Label): boolean {
  const [[left, right], [other, end]] = [ends(a), ends(b)]
  return left < end && other < right && Math.abs(a.y - b.y) < LINE
}

function covers(label: Label, { x, y }: Point): boolean {
  const [left, right] = ends(label)
  return x + 5 > left && x - 5 < right && Math.abs(label.y - 4 - y) < 9
}

function pad(low: number, high: number, least: number): [number, number] {
  const margin = Math.max((high - low) * 0.08, least)
  return [low - margin, high + margin]
}

function scale([low, high]: readonly [number, number], [from, to]: readonly [number, number]): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from)
}

function at(value: number): string {
  return value.toFixed(1)
}

function count(size: number): string {
  return size >= 1e9
    ? `${(size / 1e9).toFixed(1)} B`
    : size >= 1e6
      ? `${(size / 1e6).toFixed(1)} M`
      : `${(size / 1e3).toFixed(0)} k`
}
