/** Asks upstream's own code how objects are written: the driver of the program in `client-go/objects/`. */
import { openLines } from './lines.ts';
import { peer } from './peers.ts';

/** One object, as kube-apiserver writes it in both forms. */
export interface ObjectForms {
  readonly json: string;
  /** With its envelope, in base64. */
  readonly protobuf: string;
  /** JSON of what is read from that: empty lists are no longer told from none. */
  readonly stored: string;
}

export interface ObjectOracle {
  /** Random objects of a kind; the same for the same seed. */
  samples(
    apiVersion: string,
    kind: string,
    seed: number,
    count: number,
  ): Promise<readonly ObjectForms[]>;
  /** An object from JSON; throws what upstream says against it. */
  encode(json: string): Promise<ObjectForms>;
  /** An object from protobuf in base64; throws what upstream says against it. */
  decode(protobuf: string): Promise<ObjectForms>;
  /** The frame of a watch event, in base64. */
  watch(type: string, json: string): Promise<string>;
  /** Ends the program. */
  close(): Promise<void>;
}

/** Starts it, building it when the cache does not have it. It ends with this process. */
export async function openObjectOracle(): Promise<ObjectOracle> {
  const program = openLines(await peer('objects'));
  async function ask<T extends object>(request: object): Promise<T> {
    const answer = JSON.parse(await program.ask(JSON.stringify(request))) as T | { error: string };
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  }
  return {
    async samples(apiVersion, kind, seed, count) {
      const request = { op: 'samples', apiVersion, kind, seed, count };
      return (await ask<{ samples: readonly ObjectForms[] }>(request)).samples;
    },
    encode: (json) => ask({ op: 'encode', json }),
    decode: (protobuf) => ask({ op: 'decode', protobuf }),
    async watch(type, json) {
      return (await ask<ObjectForms>({ op: 'watch', type, json })).protobuf;
    },
    close: () => program.close(),
  };
}
