import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, asked, control, type SweepAction, type SweepRow } from './api.ts'
import { Problem } from './frame.tsx'
import { TokenPrompt } from './token-prompt.tsx'

const ALLOWED: Readonly<Record<SweepAction, readonly string[]>> = {
  pause: ['running'],
  resume: ['paused'],
  retry: ['cancelled', 'done', 'running'],
  cancel: ['running', 'paused'],
}
const LABELS: Readonly<Record<SweepAction, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Retry failed',
  cancel: 'Cancel…',
}

/** Pause, resume, retry and cancel. Every button keeps its place; cancel says what stays before it acts. */
export function SweepControls({ sweep }: { sweep: SweepRow }) {
  const client = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const action = useMutation({
    mutationFn: (wanted: SweepAction) => control(sweep.id, wanted),
    onSuccess: (view) => {
      client.setQueryData(asked.sweep(sweep.id).queryKey, view)
      for (const key of ['sweeps', 'cells', 'gates']) void client.invalidateQueries({ queryKey: [key] })
    },
  })
  const isRefused = action.error instanceof ApiError && action.error.status === 401
  const { failed, scored, waiting } = sweep.cells
  const isAllowed = (wanted: SweepAction) =>
    ALLOWED[wanted].includes(sweep.state) &&
    !action.isPending &&
    (wanted !== 'retry' || failed > 0 || (sweep.state === 'cancelled' && waiting > 0))
  return (
    <div className="controls">
      <div className="buttons">
        {(['pause', 'resume', 'retry', 'cancel'] as const).map((wanted) => (
          <button
            key={wanted}
            type="button"
            className={wanted === 'cancel' ? 'btn bad' : 'btn'}
            disabled={!isAllowed(wanted)}
            aria-expanded={wanted === 'cancel' ? isAsking : undefined}
            onClick={() => (wanted === 'cancel' ? setAsking(true) : action.mutate(wanted))}
          >
            {LABELS[wanted]}
          </button>
        ))}
      </div>
      {isAsking && isAllowed('cancel') && (
        <div className="banner" role="alertdialog" aria-label="Cancel this sweep?">
          <span className="wrap">
            Running work stops; {scored} scored cells and every finished chunk stay, {waiting} waiting cells are given up.
          </span>
          <button
            type="button"
            className="btn sm bad"
            onClick={() => {
              setAsking(false)
              action.mutate('cancel')
            }}
          >
            Cancel the sweep
          </button>
          <button type="button" className="btn sm" onClick={() => setAsking(false)}>
            Keep it running
          </button>
        </div>
      )}
      {isRefused ? (
        <TokenPrompt
          reason={`The service asks for its write token to ${action.variables} a sweep.`}
          onDone={() => action.variables && action.mutate(action.variables)}
        />
      ) : (
        <Problem error={action.error} />
      )}
    </div>
  )
}
