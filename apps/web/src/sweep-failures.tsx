import type { CellView } from '@sweepboard/ledger'
import { visible } from './format.ts'
import { Cut, ModelName } from './name.tsx'
import { groupFailures } from './sweep-view.ts'

const SHOWN_CELLS = 4

/** What needs a person: each cause once, with its code, its text, its remedy and where it struck. */
export function SweepFailures({ cells }: { cells: readonly CellView[] }) {
  const groups = groupFailures(cells)
  const failed = groups.reduce((sum, group) => sum + group.cells.length, 0)
  return (
    <section className="card" aria-label="Failures">
      <header>
        <h2>Needs you</h2>
        {failed > 0 && <span className="tag bad">✕ {failed}</span>}
      </header>
      {groups.length === 0 && <p className="body dim">No cell has failed.</p>}
      {groups.map((group) => (
        <div key={group.key} className="fail">
          <p>
            <code className="bad">{group.code}</code>{' '}
            <span className="dim">
              {group.cells.length} {group.cells.length === 1 ? 'cell' : 'cells, same cause'}
            </span>
          </p>
          <p className="wrap" dir="auto">
            {visible(group.message)}
          </p>
          {group.fix && (
            <p className="wrap">
              <b>Do</b> {visible(group.fix)}
            </p>
          )}
          <ul>
            {group.cells.slice(0, SHOWN_CELLS).map((cell) => (
              <li key={`${cell.group} ${cell.configKey}`}>
                <ModelName model={cell.model} variant={cell.variant} /> <span className="dim">×</span> <Cut text={cell.task} />
                <span className="dim nw">
                  {cell.config.dimensions ?? 'full'} · {cell.config.precision}
                </span>
              </li>
            ))}
          </ul>
          {group.cells.length > SHOWN_CELLS && <p className="dim">and {group.cells.length - SHOWN_CELLS} more</p>}
        </div>
      ))}
    </section>
  )
}
