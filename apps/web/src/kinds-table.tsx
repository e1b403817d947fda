import type { KindBoard, KindBoardRow } from '@sweepboard/results'
import { type CSSProperties, useCallback, useState } from 'react'
import { fixed } from './format.ts'
import { detailsOf, kindName, kindsOf, ratesOf } from './kind-view.ts'
import { CutMiddle, ModelName } from './name.tsx'
import { Facts, Pop } from './pop.tsx'

interface Opened {
  readonly row: KindBoardRow
  readonly kind: string | null
  readonly anchor: HTMLElement
}

/** Rates with their Wilson intervals at one cut-off (place `at` of the board's); a press shows all cut-offs. */
export function KindsTable({ board, at }: { board: KindBoard; at: number }) {
  const [open, setOpen] = useState<Opened | null>(null)
  const close = useCallback(() => setOpen(null), [])
  const columns = [null, ...kindsOf(board)]
  return (
    <>
      <div className="card scroll">
        <table className="lb kinds varied">
          <caption className="sr">{`Share of queries with a right document among the first ${board.cutoffs[at]}`}</caption>
          <thead>
            <tr>
              <th scope="col" className="stick">
                Model
              </th>
              {columns.map((kind) => (
                <th key={kind ?? '\0'} scope="col" className="num">
                  <CutMiddle text={kindName(kind)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {board.rows.map((row) => (
              <tr
                key={JSON.stringify([row.model, row.revision, row.variant, row.config, row.subset, row.split, row.limit])}
                className="r"
              >
                <th scope="row" className="stick">
                  <ModelName model={row.model} variant={row.variant} details={detailsOf(row)} />
                </th>
                {columns.map((kind) => (
                  <Cell key={kind ?? '\0'} row={row} kind={kind} at={at} onOpen={setOpen} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="legend">
        <span>Below each share its Wilson {board.confidence * 100} % interval</span>
        <span>· no query of the kind</span>
      </p>
      {open && (
        <Pop key={`${open.row.model} ${open.kind}`} anchor={open.anchor} label="All cut-offs" onClose={close}>
          <CutOffs board={board} opened={open} />
        </Pop>
      )}
    </>
  )
}

interface CellProps {
  readonly row: KindBoardRow
  readonly kind: string | null
  readonly at: number
  readonly onOpen: (opened: Opened) => void
}

function Cell({ row, kind, at, onOpen }: CellProps) {
  const rate = ratesOf(row, kind)?.rates[at]
  if (!rate) return <td className="num miss">·</td>
  return (
    <td className="c">
      <button
        type="button"
        style={{ '--h': rate.rate } as CSSProperties}
        onClick={(event) => onOpen({ row, kind, anchor: event.currentTarget })}
        aria-haspopup="dialog"
      >
        {fixed(rate.rate, 2)}
        <small>
          {fixed(rate.low, 2)}–{fixed(rate.high, 2)}
        </small>
      </button>
    </td>
  )
}

function CutOffs({ board, opened: { row, kind } }: { board: KindBoard; opened: Opened }) {
  const found = ratesOf(row, kind)
  return (
    <>
      <h3>
        <ModelName model={row.model} variant={row.variant} />
      </h3>
      <p className="dim">
        {kindName(kind)} · {found?.queryCount} queries
      </p>
      <Facts
        pairs={(found?.rates ?? []).map(({ rate, low, high }, i) => [
          `top-${board.cutoffs[i]}`,
          `${fixed(rate, 3)} [${fixed(low, 3)}, ${fixed(high, 3)}]`,
        ])}
      />
    </>
  )
}
