/** Ends a test run with a line that CI reads: `N passed, N failed`. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    for (const module of modules) {
      // A file that cannot even be loaded has no tests to count, and has failed all the same.
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0)
        failed++;
      passed += [...module.children.allTests('passed')].length;
      failed += [...module.children.allTests('failed')].length;
    }
    console.log(`\n${passed} passed, ${failed} failed`);
  }
}
