import { Beat, BeatAnswer, Claim, ClaimAnswer, CommitAnswer, CommitBatch, End, HostCall, JoinAnswer } from '@sweepboard/contracts'
import { type Route, route } from './route.ts'

const ofBody: Route['speaker'] = ({ body }) => (body as { readonly host: string }).host

/** What workers ask: they join, beat, claim, commit and end. */
export const WORKER_ROUTES: readonly Route[] = [
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
    speaker: ofBody,
    summary: "A host's heartbeat",
    body: Beat,
    answer: BeatAnswer,
    run: (service, beat) => service.coordinator.beat(beat),
  }),
  route({
    method: 'GET',
    path: '/hosts/:host/call',
    access: 'write',
    speaker: ({ params }) => params.host as string,
    summary: 'Held until the host should beat sooner than it would, 20 s at most; at once for a host that is not live',
    answer: HostCall,
    run: async (service, _, { params, signal }) => ({
      called: await service.coordinator.awaitCall(params.host as string, signal),
    }),
  }),
  route({
    method: 'POST',
    path: '/claim',
    access: 'write',
    speaker: ofBody,
    summary: 'Claim a lease',
    body: Claim,
    answer: ClaimAnswer,
    run: (service, claim) => service.coordinator.claim(claim),
  }),
  route({
    method: 'POST',
    path: '/commit',
    access: 'write',
    speaker: ofBody,
    summary: 'Commit chunks',
    body: CommitBatch,
    answer: CommitAnswer,
    run: (service, batch) => ({ verdicts: service.coordinator.commit(batch.host, batch.ledger, batch.commits) }),
  }),
  route({
    method: 'POST',
    path: '/end',
    access: 'write',
    speaker: ofBody,
    summary: 'End a lease',
    body: End,
    run: (service, end) => {
      service.coordinator.end(end)
      return { ok: true }
    },
  }),
]
