/**
 * How many requests there should not be more of: undecided ones of one requester, as many as kubepki's server
 * takes; and all, what etcd and every controller that watches them should have to bear (50,000 are about
 * 60 MiB in each of them).
 */
export const LIMITS = { requester: 5_000, objects: 50_000 } as const;
export type LimitName = keyof typeof LIMITS;
