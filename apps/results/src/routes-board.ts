import { SweepError } from '@sweepboard/contracts'
import { z } from 'zod'
import { ConsistencyRow } from './consistency-row.ts'
import { HISTORY_LIMIT, ModelHistory, parseHistoryQuery, readHistory } from './history.ts'
import { readKindBoard, readKindTasks } from './kind-board.ts'
import { Pairing, parsePairingQuery } from './pairing.ts'
import { PublishedRow } from './published-row.ts'
import { parseLeaderboardQuery } from './read-leaderboard.ts'
import { JsonText, type Route, route } from './route.ts'

/** What the board shows: leaderboards, kinds, comparisons, published scores. */
export const BOARD_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/leaderboard',
    access: 'read',
    summary: 'Rows of the board',
    query: {
      tasks: { about: 'Tasks to show, each a name or names with commas between; without it those with scores', isList: true },
      benchmark: { about: 'Instead of tasks: a benchmark, its tasks over its own splits and subsets; rows say what they lack' },
      sweep: { about: 'Id of a sweep: only its cells' },
      published: { about: '0 leaves imported scores out' },
    },
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => new JsonText(service.boards.text(parseLeaderboardQuery(queries))),
  }),
  route({
    method: 'GET',
    path: '/resources',
    access: 'read',
    summary: 'What each recipe of the board took, by `recipe` of its rows',
    query: { sweep: { about: 'Id of a sweep: only its cells' } },
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => new JsonText(service.boards.resources(queries.sweep?.[0] || null)),
  }),
  route({
    method: 'GET',
    path: '/compare',
    access: 'read',
    summary:
      'Two rows of the board over the tasks both have: scores, and the artifacts with their scores by query for paired tests',
    query: {
      a: { about: 'Name of a row: a model, with @REVISION, [PARTS] or #PARTS behind it', isRequired: true },
      b: { about: 'Name of the row it is compared with', isRequired: true },
      tasks: { about: 'Tasks to compare over, as of a leaderboard; without it all that either has', isList: true },
    },
    answer: Pairing,
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => new JsonText(service.boards.pairing(parsePairingQuery(queries))),
  }),
  route({
    method: 'GET',
    path: '/history',
    access: 'read',
    summary:
      'All results of a model on a task, the oldest first, with what changed from one to the next, and what was imported of it',
    query: {
      model: { about: 'A model; with @REVISION, [PARTS] or #PARTS behind it its rows of those alone', isRequired: true },
      task: { about: 'Name of the task', isRequired: true },
      limit: { about: `Newest results, 1 to ${HISTORY_LIMIT.most}; without it ${HISTORY_LIMIT.usual}` },
    },
    answer: ModelHistory,
    tag: (service) => service.boards.tag,
    run: (service, _, { queries }) => readHistory(service.reader, parseHistoryQuery(queries)),
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
    summary: 'Top-1/3/5 accuracy by kind of query with 95 % intervals, for each scored cell',
    query: { task: { about: 'Name of the task', isRequired: true }, sweep: { about: 'Id of a sweep: only its cells' } },
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
    summary: 'Up to 100 recorded comparisons of two engines of one model, the newest first',
    query: { model: { about: 'Name of the model; without it of all' } },
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
    method: 'GET',
    path: '/published',
    access: 'read',
    summary: 'Up to 100 imported files, their texts as raw deflate in base64',
    query: { after: { about: 'Id of the last one seen' } },
    run: (service, _, { queries }) =>
      service.reader
        .publishedFiles(Number(queries.after?.[0] ?? 0) || 0, 100)
        .map((file) => ({ ...file, source: Buffer.from(file.source).toString('base64') })),
  }),
  route({
    method: 'GET',
    path: '/published/rows',
    access: 'read',
    summary: 'Imported scores of tasks with all their metrics',
    query: { task: { about: 'Name of a task', isList: true } },
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
