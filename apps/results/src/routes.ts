import {
  Beat,
  BeatAnswer,
  Claim,
  ClaimAnswer,
  CommitAnswer,
  CommitBatch,
  End,
  JoinAnswer,
  SweepError,
} from '@sweepboard/contracts'
import { z } from 'zod'
import type { Access } from './access.ts'
import { ConsistencyRow } from './consistency-row.ts'
import { readKindBoard, readKindTasks } from './kind-board.ts'
import { Submission } from './plan-schema.ts'
import { PublishedRow } from './published-row.ts'
import { parseLeaderboardQuery } from './read-leaderboard.ts'
import { resourceRows } from './resources.ts'
import type { Service } from './service.ts'
import { GroupSlice, SweepOfGroups } from './sweep-in-slices.ts'

/** One JSON route: its access, its checked body, and what it does. The OpenAPI document is made from this table. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** Hono path below `/api/v1`. */
  readonly path: string
  readonly access: Access
  readonly summary: string
  readonly body?: z.ZodType
  readonly answer?: z.ZodType
  /** Entity tag of what it answers at this moment: a client that has it hears 304. */
  readonly tag?: (service: Service) => string
  readonly run: (service: Service, request: RouteRequest) => unknown
}

/** An answer that is JSON already. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>
  /** Every value of each parameter, in order. */
  readonly queries: Readonly<Record<string, readonly string[]>>
  readonly body: unknown
}

function route<Body extends z.ZodType>(
  given: Omit<Route, 'body' | 'run'> & {
    body?: Body
    run: (service: Service, body: z.infer<Body>, request: RouteRequest) => unknown
  },
): Route {
  return { ...given, run: (service, request) => given.run(service, request.body as z.infer<Body>, request) }
}

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

export const ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    access: 'open',
    summary: 'Whether the service answers',
    run: (service) => ({ ok: true, version: service.version }),
  }),
  route({
    method: 'GET',
    path: '/join',
    access: 'write',
    summary: 'What a worker needs to join',
    answer: JoinAnswer,
    run: (service) => service.joinAnswer(),
  }),
  route({
    method: 'POST',
    path: '/beat',
    access: 'write',
    summary: "A host's heartbeat",
    body: Beat,
    answer: BeatAnswer,
    run: (service, beat) => service.coordinator.beat(beat),
  }),
  route({
    method: 'POST',
    path: '/claim',
    access: 'write',
    summary: 'Claim a lease',
    body: Claim,
    answer: ClaimAnswer,
    run: (service, claim) => service.coordinator.claim(claim),
  }),
  route({
    method: 'POST',
    path: '/commit',
    access: 'write',
    summary: 'Commit chunks',
    body: CommitBatch,
    answer: CommitAnswer,
    run: (service, batch) => ({ verdicts: service.coordinator.commit(batch.host, batch.ledger, batch.commits) }),
  }),
  route({
    method: 'POST',
    path: '/end',
    access: 'write',
    summary: 'End a lease',
    body: End,
    run: (service, end) => {
      service.coordinator.end(end)
      return { ok: true }
    },
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
    summary: 'Lanes with work or slots: what waits, open leases, tokens per second, ETA',
    run: (service) => service.lanes(),
  }),
  route({
    method: 'GET',
    path: '/leaderboard',
    access: 'read',
    summary: 'Rows of the board; ?tasks=a&tasks=b&sweep=id&published=1. A value of tasks may be a list with commas',
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => new JsonText(service.boards.text(parseLeaderboardQuery(queries))),
  }),
  route({
    method: 'GET',
    path: '/resources',
    access: 'read',
    summary: 'What each recipe of the board took, by `recipe` of its rows; ?sweep=id',
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => new JsonText(service.boards.resources(queries.sweep?.[0] || null)),
  }),
  route({
    method: 'GET',
    path: '/tasks/:task/texts',
    access: 'read',
    summary: 'Artifacts of a prepared task by its key: both text sets and the judgments',
    run: (service, _, { params }) => service.reader.taskTexts(params.task as string),
  }),
  route({
    method: 'GET',
    path: '/kinds/tasks',
    access: 'read',
    summary: 'Names of the tasks with scores whose queries have kinds',
    tag: (service) => service.boards.tag,
    run: (service) => readKindTasks(service.reader, (digest) => service.store.get(digest)),
  }),
  route({
    method: 'GET',
    path: '/kinds',
    access: 'read',
    summary: 'Top-1/3/5 accuracy by kind of query with 95 % intervals, for each scored cell; ?task=a&sweep=id',
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => {
      const task = queries.task?.[0]
      if (!task) throw new SweepError('SB-SERVE-005', { message: 'task is missing' })
      const read = (digest: string) => service.store.get(digest)
      return readKindBoard(service.reader, read, { task, sweep: queries.sweep?.[0] || null })
    },
  }),
  route({
    method: 'GET',
    path: '/fingerprints',
    access: 'read',
    summary: 'Fingerprints of the endpoints that served here: one that still fits is kept',
    run: (service) => service.reader.knownFingerprints(),
  }),
  route({
    method: 'GET',
    path: '/consistency',
    access: 'read',
    summary: 'Up to 100 recorded comparisons of two engines of one model, the newest first; ?model=name',
    run: (service, _, { queries }) => service.reader.consistencyRows({ model: queries.model?.[0] || undefined }),
  }),
  route({
    method: 'POST',
    path: '/consistency',
    access: 'write',
    summary: 'Record a comparison of two engines of one model',
    body: ConsistencyRow,
    run: (service, row) => {
      service.ledger.recordConsistency(row)
      return { ok: true }
    },
  }),
  route({
    method: 'POST',
    path: '/gc',
    access: 'write',
    summary: 'Delete artifacts nothing refers to, and with `vectors` forget those that nothing running needs',
    body: GarbageOrder,
    run: (service, { olderThanMs, dryRun, vectors }) => service.collectGarbage({ olderThanMs, isDry: dryRun, vectors }),
  }),
  route({
    method: 'GET',
    path: '/published',
    access: 'read',
    summary: 'Up to 100 imported files, ?after=id; their texts as raw deflate in base64',
    run: (service, _, { queries }) =>
      service.reader
        .publishedFiles(Number(queries.after?.[0] ?? 0) || 0, 100)
        .map((file) => ({ ...file, source: Buffer.from(file.source).toString('base64') })),
  }),
  route({
    method: 'GET',
    path: '/published/rows',
    access: 'read',
    summary: 'Imported scores of one task with all their metrics, ?task=NAME',
    run: (service, _, { queries }) => service.reader.publishedRows({ tasks: queries.task ?? [] }),
  }),
  route({
    method: 'POST',
    path: '/published',
    access: 'write',
    summary: 'Import published rows',
    body: z.array(PublishedRow).max(10_000),
    run: (service, rows) => {
      service.importPublished(rows)
      return { imported: rows.length }
    },
  }),
]
