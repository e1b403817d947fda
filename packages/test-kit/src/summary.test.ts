import { describe, expect, it } from 'vitest'
import { countTests, skippedTests, summaryLine, type VitestReport } from './summary.ts'

const report: VitestReport = {
  testResults: [
    {
      name: '/repo/a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: ' adds', status: 'passed' },
        { fullName: ' subtracts', status: 'failed' },
        { fullName: 'on Redis no redis-server on PATH pings', status: 'skipped' },
        { fullName: ' later', status: 'todo' },
      ],
    },
    { name: '/repo/b.test.ts', status: 'failed', message: 'cannot be loaded', assertionResults: [] },
    { name: '/repo/c.test.ts', status: 'failed', assertionResults: [{ fullName: ' hook threw', status: 'passed' }] },
  ],
}

describe('summary of a test run', () => {
  it('counts a file that failed without a failed test as one', () => {
    expect(countTests(report)).toEqual({ passed: 2, failed: 3, skipped: 2 })
  })
  it('counts a missing report as a failure', () => {
    expect(countTests(null)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
  it('names skipped tests with the reason in their title', () => {
    expect(skippedTests(report, '/repo/')).toEqual([
      'skipped: a.test.ts: on Redis no redis-server on PATH pings',
      'skipped: a.test.ts: later',
    ])
  })
  it('writes the last line', () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
    expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
  })
})
