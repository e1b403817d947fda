import type { CellView, FirstSweep } from '@sweepboard/ledger'
import type { KindBoard, Leaderboard, ResourceRow, SweepView } from '@sweepboard/results'

/** The service's answer to `GET /api/v1/hosts`, as far as the board reads it. */
export interface HostRow {
  readonly host: string
  readonly hostname: string
  readonly version: string
  readonly silentForMs: number
  readonly holding: number
  readonly slots: readonly {
    readonly id: string
    readonly device: string
    readonly memoryBytes: number
    readonly state: string
    readonly lane: string | null
    readonly tokensPerSecond: Readonly<Record<string, number>>
    readonly closed: readonly { readonly lane: string; readonly reason: string }[]
    readonly assigned: string | null
  }[]
}

export interface GateRow {
  readonly holds: boolean
  readonly message: string
}

/** The service's answer to `GET /api/v1/health`. */
export interface Health {
  readonly isJoinable: boolean
}

export type SweepRow = Omit<SweepView, 'tokensPerSecond' | 'etaSeconds'>
export type SweepAction = 'pause' | 'resume' | 'cancel' | 'retry'

/** What the service refused, with its code and remedy; code '' and status 0 when it did not answer at all. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly fix: string

  constructor({ status, code, message, fix }: { status: number; code: string; message: string; fix: string }) {
    super(message)
    this.status = status
    this.code = code
    this.fix = fix
  }
}

const TOKEN_KEY = 'sweepboard-token'

export function storeToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token)
}

/** One call of the service on this origin, with the stored token if there is one. Throws `ApiError`. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY)
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, { ...init, headers: token ? { authorization: `Bearer ${token}` } : {} })
  } catch {
    throw new ApiError({
      status: 0,
      code: '',
      message: 'The service does not answer.',
      fix: 'Check that sweepboard serve (or run) is still up.',
    })
  }
  if (response.ok) return response
  const body = (await response.json().catch(() => ({}))) as Partial<Record<'code' | 'message' | 'fix', string>>
  throw new ApiError({
    status: response.status,
    code: body.code ?? `HTTP ${response.status}`,
    message: body.message ?? response.statusText,
    fix: body.fix ?? '',
  })
}

async function read<T>(path: string, signal: AbortSignal): Promise<T> {
  return (await call(path, { signal })).json() as Promise<T>
}

const at = (sweep: string) => `/sweeps/${encodeURIComponent(sweep)}`

/** Keys and functions of everything the board asks, for TanStack Query. */
export const asked = {
  leaderboard: (tasks: string, sweep: string) => ({
    queryKey: ['leaderboard', tasks, sweep],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      read<Leaderboard>(`/leaderboard?${new URLSearchParams({ published: '1', tasks, sweep })}`, signal),
  }),
  evidence: (sweep: string) => ({
    queryKey: ['evidence', sweep],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<CellView[]>(sweep ? `${at(sweep)}/cells` : '/cells', signal),
  }),
  /** The run that made each score of some groups; it never changes. */
  firstSweeps: (groups: string) => ({
    queryKey: ['first-sweeps', groups],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      read<FirstSweep[]>(`/cells/sweeps?${new URLSearchParams({ groups })}`, signal),
    enabled: groups !== '',
  }),
  /** What the recipes of the board took; asked again when another board is looked at, of which `state` is the number. */
  boardResources: (sweep: string, state: number) => ({
    queryKey: ['board-resources', sweep, state],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<ResourceRow[]>(`/resources?${new URLSearchParams({ sweep })}`, signal),
    placeholderData: (before: ResourceRow[] | undefined) => before,
  }),
  kindTasks: () => ({
    queryKey: ['kind-tasks'],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<string[]>('/kinds/tasks', signal),
  }),
  kinds: (task: string, sweep: string) => ({
    queryKey: ['kinds', task, sweep],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<KindBoard>(`/kinds?${new URLSearchParams({ task, sweep })}`, signal),
    enabled: task !== '',
  }),
  sweeps: () => ({
    queryKey: ['sweeps'],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<SweepRow[]>('/sweeps', signal),
  }),
  sweep: (id: string) => ({
    queryKey: ['sweep', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<SweepView>(at(id), signal),
  }),
  cells: (id: string) => ({
    queryKey: ['cells', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<CellView[]>(`${at(id)}/cells`, signal),
  }),
  resources: (id: string, scored: number) => ({
    queryKey: ['resources', id, scored],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<ResourceRow[]>(`${at(id)}/resources`, signal),
    placeholderData: (before: ResourceRow[] | undefined) => before,
  }),
  gates: (id: string) => ({
    queryKey: ['gates', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<GateRow[]>(`${at(id)}/gates`, signal),
  }),
  health: () => ({
    queryKey: ['health'],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<Health>('/health', signal),
  }),
  hosts: () => ({
    queryKey: ['hosts'],
    queryFn: ({ signal }: { signal: AbortSignal }) => read<HostRow[]>('/hosts', signal),
  }),
}

export async function control(sweep: string, action: SweepAction): Promise<SweepView> {
  return (await call(`${at(sweep)}/${action}`, { method: 'POST' })).json() as Promise<SweepView>
}
