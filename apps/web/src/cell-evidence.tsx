import type { CellView, FirstSweep } from '@sweepboard/ledger'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { follow, pageLink } from './address.ts'
import { asked } from './api.ts'
import { bytes, count, span, visible } from './format.ts'
import { Cut } from './name.tsx'
import { Facts } from './pop.tsx'

/** Groups that the service is asked about at once. */
const MOST_GROUPS = 1000

/** The run that made a cell's score, of cells that are shown together. */
export function useFirstSweeps(cells: readonly CellView[]): (cell: CellView) => FirstSweep | undefined {
  const groups = [...new Set(cells.flatMap(({ group, state }) => (state === 'scored' ? [group] : [])))].slice(0, MOST_GROUPS)
  const { data } = useQuery(asked.firstSweeps(groups.join(',')))
  return (cell) => data?.find(({ group, configKey }) => group === cell.group && configKey === cell.configKey)
}

/** What stands behind one cell, in pairs; unknown evidence is named. */
export function CellEvidence({ cell, sweep }: { cell: CellView; sweep: FirstSweep | undefined }) {
  const { recipe, evidence, unclaimed } = cell
  const sides = [evidence.query, evidence.document].filter((side) => side !== null)
  const total = (value: (side: (typeof sides)[number]) => number) => sides.reduce((sum, side) => sum + value(side), 0)
  const all = (value: (side: (typeof sides)[number]) => readonly string[]) =>
    [...new Set(sides.flatMap(value))].map(visible).join(', ') || null
  const [texts, truncated] = [total((side) => side.textCount), total((side) => side.truncatedCount)]
  const share = texts > 0 ? ((100 * truncated) / texts).toFixed(1) : '0'
  const codes = [...[...sides, ...evidence.pairs].flatMap((side) => side.codes), evidence.score?.code ?? []].flat()
  const made = sweep === undefined ? null : <SweepLink sweep={sweep} />
  const pairs: (readonly [string, ReactNode])[] = [
    ['Score', cell.mainScore === null ? (cell.state === 'scored' ? 'undefined' : cell.state) : String(cell.mainScore)],
    ['Metric', cell.mainScoreName],
    ['Task', `${visible(cell.task)} · ${visible(cell.subset)} · ${visible(cell.split)}`],
    ['Data', cell.datasetRevision && visible(cell.datasetRevision)],
    ...(cell.variant === '' ? [] : [['Variant', visible(cell.variant)] as const]),
    ['Vectors', vectorsOf(cell)],
    ...(unclaimed.length > 0 ? [['Language', `${unclaimed.map(visible).join(', ')} is not claimed by the model`] as const] : []),
    ['Pooling', `${recipe.document.pooling}${recipe.document.normalize ? ', normalized' : ''}`],
    ['Instruction', recipe.query.instruction === null ? 'none' : visible(recipe.query.instruction)],
    ['Most tokens', recipe.document.maxTokens === null ? 'the engine’s limit' : count(recipe.document.maxTokens)],
    ['Engine', all((side) => side.engines)],
    ['Device', all((side) => side.devices)],
    ['Type', all((side) => side.dtypes)],
    ['Hosts', all((side) => side.hosts)],
    ['Texts', sides.length === 0 ? null : `${count(texts)}, ${count(total((side) => side.tokenCount))} tokens`],
    ['Truncated', sides.length === 0 ? null : `${count(truncated)} (${share} %)`],
    ['Encoding', sides.length === 0 ? null : span(total((side) => side.encodeSeconds))],
    [
      'Search',
      evidence.score === null ? null : `${span(evidence.score.searchSeconds)}, ${bytes(evidence.score.peakMemoryBytes)} peak`,
    ],
    ['Revision', visible(cell.revision)],
    ['Recipe', cell.recipeKey.slice(0, 12)],
    ['Code', [...new Set(codes)].map(visible).join(', ') || null],
    ['Sweep', made],
    ['Scored', cell.scoredAt && new Date(cell.scoredAt).toLocaleString('sv')],
  ]
  return <Facts pairs={pairs} />
}

function SweepLink({ sweep: { id, name } }: { sweep: FirstSweep }) {
  return (
    <a href={pageLink(`/sweeps/${encodeURIComponent(id)}`)} onClick={follow}>
      <Cut text={name} /> {id}
    </a>
  )
}

/** Length, precision and similarity; token lists and rerankers have no vectors. */
function vectorsOf({ config, recipe }: CellView): string {
  const length = config.dimensions ?? (recipe.dimensions === 1 ? null : `full (${recipe.dimensions})`)
  return length === null ? 'none' : `${length} · ${config.precision} · ${config.similarity}`
}
