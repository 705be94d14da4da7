/** What roles give, apart from who asks. */
export { aggregatedRules, sameRules } from './aggregation.ts';
