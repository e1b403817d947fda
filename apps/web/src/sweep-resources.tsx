import type { ResourceRow } from '@sweepboard/results'
import { useQuery } from '@tanstack/react-query'
import { asked } from './api.ts'
import { bytes, count, fixed, span } from './format.ts'
import { Problem } from './frame.tsx'
import { Cut, ModelName } from './name.tsx'

const HEAD = ['Weights', 'Peak memory', 'Load', 'Encode', 'Texts/s', 'Tokens/s', 'p50', 'p95', 'Energy']

/** What each recipe of a sweep took, of the original computation; nothing before the first score. `scored` refreshes it. */
export function SweepResources({ id, scored }: { id: string; scored: number }) {
  const { data = [], error } = useQuery(asked.resources(id, scored))
  if (data.length === 0) return error ? <Problem error={error} /> : null
  const reason = data.find((row) => row.energyReason !== null)?.energyReason
  return (
    <section className="card resources">
      <header>
        <h2>Resources</h2>
        {reason && <span className="t2 dim">energy: {reason}</span>}
      </header>
      <div className="scroll">
        <table>
          <caption className="sr">Resources</caption>
          <thead>
            <tr>
              <th scope="col">Model</th>
              {HEAD.map((title) => (
                <th key={title} scope="col" className="num">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <Row key={`${row.model} ${row.revision} ${row.variant} ${row.dtype}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Row({ row }: { row: ResourceRow }) {
  const values = [
    row.weightsBytes && bytes(row.weightsBytes),
    row.peakMemoryBytes && bytes(row.peakMemoryBytes),
    seconds(row.loadSeconds),
    seconds(row.encodeSeconds),
    row.textsPerSecond && count(row.textsPerSecond),
    row.tokensPerSecond && count(row.tokensPerSecond),
    row.queryMs && `${fixed(row.queryMs.p50, 1)} ms`,
    row.queryMs && `${fixed(row.queryMs.p95, 1)} ms`,
    row.energyJoules !== null && `${fixed(row.energyJoules, 0)} J`,
  ]
  return (
    <tr className="r">
      <th scope="row">
        <span className="mname">
          <ModelName model={row.model} /> {row.variant && <Cut text={row.variant} className="dim" />}
        </span>
      </th>
      {values.map((value, i) => (
        <td key={HEAD[i]} className="num">
          {value || '·'}
        </td>
      ))}
    </tr>
  )
}

function seconds(value: number): string {
  return value < 10 ? `${fixed(value, 1)} s` : span(Math.round(value))
}
