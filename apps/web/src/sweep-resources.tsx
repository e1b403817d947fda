import type { ResourceRow } from '@sweepboard/results'
import { useQuery } from '@tanstack/react-query'
import { asked } from './api.ts'
import { Problem } from './frame.tsx'
import { ModelName } from './name.tsx'
import { RESOURCE_COLUMNS, shownResource } from './resource-columns.ts'

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
              {RESOURCE_COLUMNS.map(({ id, title }) => (
                <th key={id} scope="col" className="num">
                  {title}
                </th>
              ))}
              <th scope="col" className="num">
                Dims
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <Row key={row.recipe} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Row({ row }: { row: ResourceRow }) {
  return (
    <tr className="r">
      <th scope="row">
        <ModelName model={row.model} variant={row.variant} />
      </th>
      {RESOURCE_COLUMNS.map((column) => (
        <td key={column.id} className="num">
          {shownResource(column, row)}
        </td>
      ))}
      <td className="num">{row.dimensions ?? '–'}</td>
    </tr>
  )
}
