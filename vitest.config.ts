import { defineConfig } from 'vitest/config'

const roots = '{apps,packages}/*/{src,test}/**'
const faults = 'apps/cli/test/fault*.integration.test.ts'
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${roots}/*.test.ts`],
          exclude: ['**/*.integration.test.ts', '**/*.browser.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [`${roots}/*.integration.test.ts`],
          exclude: [faults, '**/node_modules/**'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // They mostly wait, each on Redis servers and fleets of its own: they run beside each other and beside the unit tests.
        test: {
          name: 'faults',
          include: [faults],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: [`${roots}/*.browser.test.ts`],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
