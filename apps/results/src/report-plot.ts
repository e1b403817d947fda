import { escapeHtml } from './escape-html.ts'
import type { SweepReport } from './report.ts'
import { sizeOf } from './report-findings.ts'

const WIDTH = 720
const HEIGHT = 320
const LEFT = 56
const RIGHT = 24
const TOP = 16
const BOTTOM = 44
/** Labels nearer than this many units would cover each other: the later one gives way to its title. */
const LABEL_HEIGHT = 13
const LABEL_WIDTH = 150

interface Point {
  readonly x: number
  readonly y: number
  readonly name: string
  readonly label: string
}

/** Size (log) against mean main score as inline SVG; colours come from the page's variables. Empty text without two sized systems. */
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
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Size against mean main score">
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

/** Names beside their dots, the highest first; one that would cover another is left to the dot's title. */
function labels(points: readonly Point[]): string {
  const placed: Point[] = []
  for (const point of points.toSorted((a, b) => a.y - b.y)) {
    const covers = (other: Point) => Math.abs(other.y - point.y) < LABEL_HEIGHT && Math.abs(other.x - point.x) < LABEL_WIDTH
    if (!placed.some(covers)) placed.push(point)
  }
  return placed
    .map(({ x, y, name }) => {
      const isRight = x > WIDTH * 0.6
      const short = name.length > 34 ? `${name.slice(0, 33)}…` : name
      return `<text x="${at(isRight ? x - 9 : x + 9)}" y="${at(y + 4)}" text-anchor="${isRight ? 'end' : 'start'}" class="name">${escapeHtml(short)}</text>`
    })
    .join('\n')
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
