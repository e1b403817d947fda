import type { ServiceLink } from '@sweepboard/contracts'
import type { Service } from './service.ts'

/** The service as the worker of the same process sees it: the calls of the HTTP link without the wire. */
export function openLocalLink(service: Service): ServiceLink {
  return {
    join: async () => service.joinAnswer(),
    beat: async (beat) => service.coordinator.beat(beat),
    claim: async (claim) => service.coordinator.claim(claim),
    commit: async (host, ledger, commits) => service.coordinator.commit(host, ledger, commits),
    end: async (end) => {
      service.coordinator.end(end)
      service.tickSoon()
    },
  }
}
