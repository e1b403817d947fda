import { SweepError } from '@sweepboard/contracts'
import { z } from 'zod'
import { Health, healthOf } from './health.ts'
import { LaneView } from './lane-view.ts'
import { Submission } from './plan-schema.ts'
import { resourceRows } from './resources.ts'
import { type Route, route } from './route.ts'
import { BOARD_ROUTES } from './routes-board.ts'
import { WORKER_ROUTES } from './routes-worker.ts'
import { GroupSlice, SweepOfGroups } from './sweep-in-slices.ts'

const ControlAction = z.enum(['pause', 'resume', 'cancel', 'retry'])

const GarbageOrder = z.strictObject({
  /** Of files nothing refers to. */
  olderThanMs: z.number().nonnegative(),
  dryRun: z.boolean(),
  vectors: z
    .strictObject({
      unusedForMs: z.number().nonnegative().optional(),
      /** Names or ids. */
      sweeps: z.array(z.string().max(200)).min(1).max(1000).optional(),
      untilUnderBytes: z.number().nonnegative().optional(),
    })
    .optional(),
})

/** Groups that one question names. */
const MOST_GROUPS = 1000

/** Throws `SB-SERVE-005`. */
function parseGroups(text = ''): number[] {
  const groups = text.split(',')
  if (groups.length > MOST_GROUPS || !groups.every((group) => /^\d{1,15}$/.test(group)))
    throw new SweepError('SB-SERVE-005', { message: `groups must be 1 to ${MOST_GROUPS} whole numbers with commas between` })
  return groups.map(Number)
}

export const ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    access: 'open',
    summary: 'Whether the service answers, whether its queue answers it, and whether workers of other hosts can join it',
    answer: Health,
    run: (service) => healthOf(service),
  }),
  route({
    method: 'POST',
    path: '/sweeps',
    access: 'write',
    summary: 'Submit a sweep; repeating it is a no-op',
    body: Submission,
    run: (service, submission) => service.submit(submission),
  }),
  route({
    method: 'POST',
    path: '/groups',
    access: 'write',
    summary: 'Groups of a big sweep, sent before it in slices; repeating it is a no-op',
    body: GroupSlice,
    run: (service, { groups, prepared }) => service.addGroups(groups, prepared),
  }),
  route({
    method: 'POST',
    path: '/sweeps/by-groups',
    access: 'write',
    summary: 'Submit a sweep whose groups were sent before; repeating it is a no-op',
    body: SweepOfGroups,
    run: (service, sweep) => service.submitOfGroups(sweep),
  }),
  route({ method: 'GET', path: '/sweeps', access: 'read', summary: 'All sweeps', run: (service) => service.ledger.sweeps() }),
  route({
    method: 'GET',
    path: '/sweeps/:sweep',
    access: 'read',
    summary: 'One sweep with counts, rate and ETA',
    run: (service, _, { params }) => service.sweepView(params.sweep as string),
  }),
  route({
    method: 'GET',
    path: '/sweeps/:sweep/cells',
    access: 'read',
    summary: 'Every cell a sweep names',
    run: (service, _, { params }) => service.cells(params.sweep as string),
  }),
  route({
    method: 'GET',
    path: '/sweeps/:sweep/resources',
    access: 'read',
    summary: 'What each recipe of a sweep took: weights, memory, seconds, rates, latency of one query, energy',
    run: (service, _, { params }) => resourceRows(service.ledger.cells(params.sweep as string)),
  }),
  route({
    method: 'POST',
    path: '/sweeps/:sweep/:action',
    access: 'write',
    summary: 'pause, resume, cancel or retry a sweep',
    run: (service, _, { params }) => {
      const action = ControlAction.safeParse(params.action)
      if (!action.success) throw new SweepError('SB-SERVE-006', { what: `action "${params.action}"` })
      return service.control(params.sweep as string, action.data)
    },
  }),
  route({
    method: 'GET',
    path: '/cells',
    access: 'read',
    summary: 'Every scored cell of every sweep',
    run: (service) => service.ledger.allScoredCells(),
  }),
  route({
    method: 'GET',
    path: '/cells/sweeps',
    access: 'read',
    summary: 'The first sweep that named each cell of some groups: the run that made its score',
    query: { groups: { about: `Numbers of groups with commas between, at most ${MOST_GROUPS}`, isRequired: true } },
    run: (service, _, { queries }) => service.reader.firstSweeps(parseGroups(queries.groups?.[0])),
  }),
  route({
    method: 'GET',
    path: '/sweeps/:sweep/gates',
    access: 'read',
    summary: 'Outcomes of the gates of a sweep',
    run: (service, _, { params }) => service.gateOutcomes(params.sweep as string),
  }),
  route({
    method: 'GET',
    path: '/hosts',
    access: 'read',
    summary: 'Live hosts and their slots',
    run: (service) => service.coordinator.hosts(),
  }),
  route({
    method: 'GET',
    path: '/lanes',
    access: 'read',
    summary: 'Lanes with work or slots: what waits, open leases, tokens per second, ETA, why no slot serves it',
    answer: z.array(LaneView),
    run: (service) => service.lanes(),
  }),
  route({
    method: 'POST',
    path: '/gc',
    access: 'write',
    summary: 'Delete artifacts nothing refers to, and with `vectors` forget those that nothing running needs',
    body: GarbageOrder,
    run: (service, { olderThanMs, dryRun, vectors }) => service.collectGarbage({ olderThanMs, isDry: dryRun, vectors }),
  }),
  ...WORKER_ROUTES,
  ...BOARD_ROUTES,
]
