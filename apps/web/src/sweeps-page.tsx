import { useQuery } from '@tanstack/react-query'
import { follow, pageLink } from './address.ts'
import { asked, type SweepRow } from './api.ts'
import { count, span } from './format.ts'
import { Problem } from './frame.tsx'
import { Cut } from './name.tsx'
import { ProgressBar, StateTag } from './sweep-progress.tsx'

/** Every sweep, newest first. */
export function SweepsPage() {
  const { data, error } = useQuery(asked.sweeps())
  const running = data?.filter((sweep) => sweep.state === 'running').length ?? 0
  return (
    <>
      <title>Sweeps · sweepboard</title>
      <div className="head">
        <div className="grow">
          <h1>Sweeps</h1>
          <p className="answer">
            {data && (
              <>
                <b>{count(data.length)}</b> {data.length === 1 ? 'sweep' : 'sweeps'}, <b>{count(running)}</b> running.
              </>
            )}
          </p>
        </div>
      </div>
      <Problem error={error} />
      {data?.length === 0 && (
        <div className="card empty">
          <h2>No sweeps yet</h2>
          <p>A sweep is a file that names models, tasks, vector lengths and precisions.</p>
          <pre>npx sweepboard run examples/first-sweep.yaml</pre>
        </div>
      )}
      {data && data.length > 0 && (
        <div className="card scroll">
          <table>
            <caption className="sr">Sweeps</caption>
            <thead>
              <tr>
                <th scope="col" className="stick">
                  Sweep
                </th>
                <th scope="col">State</th>
                <th scope="col">Progress</th>
                <th scope="col" className="num">
                  Cells
                </th>
                <th scope="col" className="num">
                  Failed
                </th>
                <th scope="col" className="num">
                  Run time
                </th>
                <th scope="col">Started</th>
              </tr>
            </thead>
            <tbody>
              {data.map((sweep) => (
                <Row key={sweep.id} sweep={sweep} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function Row({ sweep }: { sweep: SweepRow }) {
  const { cells } = sweep
  return (
    <tr className="r">
      <th scope="row" className="stick">
        <a className="mname b" href={pageLink(`/sweeps/${encodeURIComponent(sweep.id)}`)} onClick={follow}>
          <Cut text={sweep.name} />
        </a>
      </th>
      <td>
        <StateTag state={sweep.state} />
      </td>
      <td className="grow-cell">
        <ProgressBar cells={cells} isPaused={sweep.state === 'paused'} />
      </td>
      <td className="num">
        {count(cells.scored)}/{count(cells.total)}
      </td>
      <td className={cells.failed > 0 ? 'num bad' : 'num dim'}>{cells.failed > 0 ? `✕ ${count(cells.failed)}` : '0'}</td>
      <td className="num">{span(sweep.runMs / 1000)}</td>
      <td className="dim">{new Date(sweep.createdAt).toLocaleString('sv')}</td>
    </tr>
  )
}
