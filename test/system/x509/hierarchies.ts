/** Small hierarchies of certificates drawn at random, right and wrong in every way that a path can be. */
import type { ChainPurpose } from '../../../src/x509/chain.ts';
import { nul } from '../../../src/x509/der/writer.ts';
import type {
  Certificate,
  KeyUsage,
  PrivateKey,
  SubjectAltNames,
} from '../../../src/x509/index.ts';
import type { Random } from '../../fuzz/random.ts';
import {
  AT,
  constraints,
  extension,
  type Forgery,
  FROM,
  forge,
  keyId,
  P256,
  UNTIL,
} from '../../x509/forge.ts';

export interface Hierarchy {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly at: Date;
  readonly purpose: ChainPurpose;
  readonly host?: string;
  /** What was drawn that is out of the ordinary. */
  readonly odds: ReadonlySet<Odd>;
}

export type Odd =
  | 'expired'
  | 'not a CA'
  | 'no basic constraints'
  | 'no keyCertSign'
  | 'short path length'
  | 'limited usage'
  | 'name constraints'
  | 'identifiers that differ'
  | 'unknown critical extension'
  | 'version 1'
  | 'signed by another key'
  | 'another of the name'
  | 'renewed'
  | 'cross-signed'
  | 'other root'
  | 'root missing'
  | 'leaf is trusted'
  | 'usage any'
  | 'no usage'
  | 'date at an end';

const DNS = ['host.example.com', '*.example.com', 'a.b.example.org', 'example.com', 'xexample.com'];
const HOSTS = ['host.example.com', 'x.example.com', 'a.b.example.org', '10.0.0.1', 'fd00::1'];

export function drawHierarchy(random: Random): Hierarchy {
  return new Drawer(random).draw();
}

class Drawer {
  readonly #random: Random;
  readonly #odds = new Set<Odd>();
  readonly #intermediates: Certificate[] = [];
  readonly #roots: Certificate[] = [];
  #key = 100;

  constructor(random: Random) {
    this.#random = random;
  }

  draw(): Hierarchy {
    const random = this.#random;
    let issuer = this.#authority('root', undefined);
    for (let level = random.below(4); level > 0; level--) {
      issuer = this.#authority(`ca ${level}`, issuer);
    }
    const leaf = this.#leaf(issuer);
    if (this.#odd('other root', 12))
      this.#roots.unshift(forge(this.#identified('foreign', this.#newKey())));
    if (this.#odd('root missing', 20)) this.#roots.shift();
    if (this.#odd('leaf is trusted', 25)) this.#roots.push(leaf);
    const host = random.oneIn(3) ? { host: random.pick(HOSTS) } : {};
    return {
      leaf,
      intermediates: this.#shuffled(this.#intermediates),
      roots: this.#roots,
      at: this.#odd('date at an end', 15) ? random.pick([FROM, UNTIL]) : AT,
      purpose: random.pick(['serverAuth', 'clientAuth', 'any'] as const),
      ...host,
      odds: this.#odds,
    };
  }

  /** True once in `n`, and then noted. */
  #odd(what: Odd, n: number): boolean {
    const happens = this.#random.oneIn(n);
    if (happens) this.#odds.add(what);
    return happens;
  }

  #newKey(): PrivateKey {
    this.#key = 100 + ((this.#key + 1) % 10);
    return P256(this.#key);
  }

  /** Makes a CA (a root without `issuer`) and puts it, and what may stand beside it, where it belongs. */
  #authority(name: string, issuer: Issuer | undefined): Issuer {
    const key = this.#newKey();
    const pool = issuer === undefined ? this.#roots : this.#intermediates;
    const forgery = {
      ...this.#identified(name, key, issuer),
      ...this.#authorityOdds(issuer === undefined),
    };
    pool.push(forge(forgery));
    if (this.#odd('another of the name', 10)) {
      const other = this.#newKey();
      pool.unshift(
        forge({
          ...forgery,
          key: other,
          ...(issuer === undefined ? { by: other } : {}),
          subjectKeyId: keyId(other),
        }),
      );
    }
    if (this.#odd('renewed', 12)) {
      pool.unshift(forge({ ...forgery, until: new Date('2026-03-01T00:00:00Z') }));
    }
    if (issuer === undefined && this.#odd('cross-signed', 15)) {
      const by = this.#newKey();
      this.#roots.push(forge(this.#identified('cross', by)));
      this.#intermediates.push(
        forge({ ...forgery, issuer: 'cross', by, authorityKeyId: keyId(by) }),
      );
    }
    return { name, key };
  }

  #identified(name: string, key: PrivateKey, issuer?: Issuer): Forgery {
    const by = issuer?.key ?? key;
    return {
      subject: name,
      key,
      ...(issuer === undefined ? {} : { issuer: issuer.name, by }),
      ca: true,
      keyUsage: ['keyCertSign', 'cRLSign'],
      subjectKeyId: keyId(key),
      authorityKeyId: keyId(by),
    };
  }

  #authorityOdds(isRoot: boolean): Partial<Forgery> {
    const random = this.#random;
    const changes: Changes = this.#anyOdds();
    if (this.#odd('not a CA', 40)) changes.ca = false;
    if (this.#odd('no basic constraints', 40)) changes.bare = true;
    if (this.#odd('no keyCertSign', 40)) {
      changes.keyUsage = random.pick<KeyUsage[]>([[], ['digitalSignature'], ['cRLSign']]);
    }
    if (changes.ca !== false && this.#odd('short path length', 8))
      changes.pathLength = random.below(3);
    if (this.#odd('limited usage', 10)) {
      changes.extendedKeyUsage = random.pick([
        ['serverAuth'],
        ['clientAuth'],
        ['serverAuth', 'clientAuth'],
        ['any'],
      ]);
    }
    if (this.#odd('name constraints', 8)) {
      changes.more = [...(changes.more ?? []), this.#constraints()];
    }
    if (isRoot && this.#odd('version 1', 30)) changes.version = 1;
    return changes;
  }

  /** What can be wrong with every certificate. */
  #anyOdds(): Changes {
    const changes: Changes = {};
    if (this.#odd('expired', 40)) changes.until = new Date('2026-03-01T00:00:00Z');
    if (this.#odd('unknown critical extension', 60)) {
      changes.more = [extension('1.3.6.1.4.1.99999.1', true, nul())];
    }
    if (this.#odd('identifiers that differ', 40)) changes.authorityKeyId = keyId(P256(99));
    if (this.#odd('signed by another key', 50)) changes.by = P256(99);
    return changes;
  }

  #constraints(): Uint8Array {
    const random = this.#random;
    const network = Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0);
    const subtree = () =>
      random.pick([
        [2, 'example.com'],
        [2, 'example.org'],
        [2, '.example.com'],
        [2, 'host.example.com'],
        [7, network],
        [1, 'example.com'],
        [6, 'example.com'],
      ] as const);
    const permitted = random.upTo(2, subtree);
    const excluded = permitted.length === 0 ? [subtree()] : random.upTo(1, subtree);
    return constraints(permitted, excluded, true);
  }

  #leaf(issuer: Issuer): Certificate {
    const random = this.#random;
    const names: Partial<SubjectAltNames> = {
      dns: [
        ...(random.oneIn(2) ? ['host.example.com'] : []),
        ...random.upTo(2, () => random.pick(DNS)),
      ],
      ip: random.some(['10.0.0.1', 'fd00::1']),
      uri: random.oneIn(5) ? ['spiffe://a.example.com/x'] : [],
      email: random.oneIn(5) ? ['ops@example.com'] : [],
    };
    const usage = random.pick<NonNullable<Forgery['extendedKeyUsage']>>([
      ['serverAuth'],
      ['clientAuth'],
      ['serverAuth', 'clientAuth'],
      [],
      ['any'],
    ]);
    if (usage.length === 0) this.#odds.add('no usage');
    if (usage[0] === 'any') this.#odds.add('usage any');
    return forge({
      subject: 'leaf',
      issuer: issuer.name,
      by: issuer.key,
      key: this.#newKey(),
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: usage,
      names,
      authorityKeyId: keyId(issuer.key),
      ...this.#anyOdds(),
    });
  }

  #shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => [this.#random.below(1000), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}

interface Issuer {
  readonly name: string;
  readonly key: PrivateKey;
}

type Changes = { -readonly [K in keyof Forgery]?: Forgery[K] };
