/** What is read of the file that vitest's JSON reporter writes. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Counts tests; a file that failed without a failed test (it could not be loaded, a hook threw) counts as one failed test.
 * No report at all, which is vitest itself failing, counts as one failed test too.
 */
export function countTests(report: VitestReport | null): Counts {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  let [passed, failed, skipped] = [0, 0, 0]
  for (const { status, assertionResults } of report.testResults) {
    const failures = assertionResults.filter((test) => test.status === 'failed').length
    failed += status === 'failed' && failures === 0 ? 1 : failures
    passed += assertionResults.filter((test) => test.status === 'passed').length
    skipped += assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed').length
  }
  return { passed, failed, skipped }
}

/** The skipped tests, one line each; the reason stands in the title of the test or of a `describe` around it. */
export function skippedTests(report: VitestReport | null, root: string): string[] {
  return (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status !== 'passed' && test.status !== 'failed')
      .map((test) => `skipped: ${name.replace(root, '')}: ${test.fullName.trim()}`),
  )
}

/** The last line of a test run: `12 passed, 0 failed`, with `, 3 skipped` where some were. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
