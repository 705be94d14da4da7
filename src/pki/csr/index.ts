/** Certification requests: made, judged by a policy or by a cluster file, signed. */
export {
  type AuthorityFiles,
  authorityOfCluster,
  authorityOfDirectory,
  readAuthority,
  type SigningAuthority,
} from './authority.ts';
export { catalogueJudge } from './catalogue.ts';
export { flagPolicy } from './flag-policy.ts';
export { judgeByPolicy, type Wishes } from './judge.ts';
export { certificateEnding, findLeaf, requireHost } from './leaves.ts';
export { type Lies, type OwnDirectory, whereItLies } from './lies.ts';
export { isDnsEntry, isDnsName, parseIpRange } from './names.ts';
export {
  type MadeRequest,
  makeRequest,
  makeRequestInPlace,
  type WantedRequest,
  wantedByCluster,
  wantedByFlags,
} from './new.ts';
export {
  LEAST_RSA_BITS,
  POLICY_KEY_ALGORITHMS,
  POLICY_USAGES,
  type PolicyRule,
  type PolicyUsage,
  type SigningPolicy,
  USUAL_KEY_ALGORITHMS,
} from './policy.ts';
export { readPolicy } from './policy-file.ts';
export {
  type GivenRequest,
  type SignedRequest,
  type SigningOptions,
  signRequests,
} from './sign.ts';
export { requireFree, writeSingleFile } from './write.ts';
