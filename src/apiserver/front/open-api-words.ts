/** The form of the tables of words. */

/** Of a schema: what it is, and what its fields are. */
export interface Described {
  readonly is: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** By the name of the schema: `io.k8s.api.core.v1.Secret`. */
export type Words = Readonly<Record<string, Described>>;
