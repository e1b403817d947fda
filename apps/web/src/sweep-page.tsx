import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { follow, pageLink } from './address.ts'
import { asked } from './api.ts'
import { visible } from './format.ts'
import { Problem } from './frame.tsx'
import { Answer, Cut } from './name.tsx'
import { sweepSentence } from './sentence.ts'
import { SweepControls } from './sweep-controls.tsx'
import { SweepFailures } from './sweep-failures.tsx'
import { SweepMatrix } from './sweep-matrix.tsx'
import { ProgressBar, ProgressLegend, StateTag } from './sweep-progress.tsx'
import { SweepResources } from './sweep-resources.tsx'
import { SweepSlots } from './sweep-slots.tsx'

/** One sweep, live. Parts that grow stand side by side at the end, so that nothing above them moves. */
export function SweepPage({ id }: { id: string }) {
  const { data: sweep, error } = useQuery(asked.sweep(id))
  const { data: cells, error: cellError } = useQuery(asked.cells(id))
  const lanes = useMemo(() => new Map(cells?.map((cell) => [cell.load.key, cell.model])), [cells])
  if (!sweep) return <Problem error={error} />
  const created = new Date(sweep.createdAt).toLocaleString('sv')
  return (
    <>
      <title>{`${visible(sweep.name)} · sweepboard`}</title>
      <div className="head sweep">
        <div className="grow">
          <h1 className="title">
            <Cut text={sweep.name} />
            <StateTag state={sweep.state} />
          </h1>
          <p className="t2 dim">
            {sweep.id} · started {created}
            {sweep.isLimited && ' · limited data, never exported'} ·{' '}
            <a href={pageLink(`/?sweep=${encodeURIComponent(id)}`)} onClick={follow}>
              Leaderboard of this sweep
            </a>
          </p>
          <Answer sentence={sweepSentence(sweep, new Date())} />
        </div>
        <SweepControls sweep={sweep} />
      </div>
      <Problem error={error ?? cellError} />
      <ProgressBar cells={sweep.cells} isPaused={sweep.state === 'paused'} />
      <ProgressLegend sweep={sweep} />
      {cells && <SweepMatrix cells={cells} />}
      <div className="grid2">
        <SweepSlots lanes={lanes} isEnded={sweep.state === 'done' || sweep.state === 'cancelled'} />
        {cells && <SweepFailures cells={cells} />}
      </div>
      {sweep.state !== 'running' && <SweepResources id={id} scored={sweep.cells.scored} />}
      <Gates id={id} warnings={sweep.warnings} />
    </>
  )
}

/** Outcomes of the sweep's gates, and the plan's warnings; nothing when it has neither. */
function Gates({ id, warnings }: { id: string; warnings: readonly string[] }) {
  const { data = [] } = useQuery(asked.gates(id))
  if (data.length === 0 && warnings.length === 0) return null
  return (
    <section className="card gates">
      <header>
        <h2>Gates and warnings</h2>
      </header>
      <ul className="body">
        {data.map((gate) => (
          <li key={gate.message} className="wrap">
            <b className={gate.holds ? 'ok' : 'bad'}>{gate.holds ? '✓ holds' : '✕ does not hold'}</b> {visible(gate.message)}
          </li>
        ))}
        {warnings.map((warning) => (
          <li key={warning} className="wrap">
            <b className="warn">! note</b> {visible(warning)}
          </li>
        ))}
      </ul>
    </section>
  )
}
