import type { ScoreWork } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'

interface SideRow {
  readonly encoding: number
  readonly textSet: string
  readonly count: number
  readonly n: number | null
  readonly start: number
  readonly end: number
  readonly digest: string
}

/** The encodings a group is scored from, with the artifacts of their chunks; `side` may hold SQL wildcards. */
export function scoreSides(h: Handle, group: number, side: string): ScoreWork['queries'][] {
  const rows = h.all<SideRow>(
    `select e.id as encoding, e.textSet, t.items as count, c.n, c.start, c."end", c.digest from grp_encoding ge
     join encoding e on e.id = ge.encoding join text_set t on t.digest = e.textSet left join chunk c on c.encoding = e.id
     where ge.grp = ? and ge.side like ? order by ge.side, c.n`,
    group,
    side,
  )
  const sides: ScoreWork['queries'][] = []
  for (const { encoding, textSet, count, n, start, end, digest } of rows) {
    let last = sides.at(-1)
    if (last?.encoding !== encoding) {
      last = { encoding, textSet, count, chunks: [] }
      sides.push(last)
    }
    if (n !== null) last.chunks.push({ n, start, end, digest })
  }
  return sides
}
