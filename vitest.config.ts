import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const roots = '{apps,packages}/*/{src,test}/**'
/** They mostly wait, each on commands, Redis servers, fleets and launched servers of its own: three at a time even on a small machine. */
const waiting = [
  'apps/cli/test/{acceptance-*,calibrate-fuse,clock,consistency,doctor,fleet-*,fuzz,held-folder,init,jitter,job-limit,report,reproduce-*,ways-in}.integration.test.ts',
  'apps/cli/test/{fault*,artifacts,launched,operations,overrides,control,rolling*,redis-tls,service-disk,slots}.integration.test.ts',
  'apps/worker/test/{cache,crash,failures,full,hand-over,in-hand,launched,orphans,quarantine,server}.integration.test.ts',
  'packages/queue/test/bull-{outage,schedules}.integration.test.ts',
]
/** The longest files, the longest first: begun last, one of them would run alone at the end. */
const LONGEST = ['control', 'fault-chaos', 'rolling', 'fault-points', 'fault-outage', 'fuzz'].map(
  (name) => `apps/cli/test/${name}.integration.test.ts`,
)
const gone = LONGEST.filter((path) => !existsSync(new URL(path, import.meta.url)))
if (gone.length > 0) throw new Error(`vitest.config.ts names what is not there: ${gone.join(', ')}`)

class LongestFirst extends BaseSequencer {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`))
      return place < 0 ? LONGEST.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${roots}/*.test.ts`],
          exclude: ['**/*.integration.test.ts', '**/*.browser.test.ts', '**/node_modules/**'],
          testTimeout: 240_000,
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'integration',
          include: [`${roots}/*.integration.test.ts`],
          exclude: [...waiting, '**/node_modules/**'],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'waiting',
          include: waiting,
          pool: 'forks',
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: [`${roots}/*.browser.test.ts`],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
