/**
 * From where the credentials of nodes are accepted: looked at with every request of a node, so what a connection
 * has shown is remembered with it, and as long as no binding changes each request costs a look into a map.
 *
 * Addresses are those of the connection (or those that a trusted balancer has told of it), never what a header or
 * a Node says.
 */
import { quoted } from '../../errors.ts';
import type { NodeBinding, UserInfo } from '../../kubernetes/index.ts';
import { bytesToIp, type Certificate, parseCertificate } from '../../x509/index.ts';
import { nodeOf } from '../authorization/index.ts';
import type { Peer } from '../types.ts';
import { type Addresses, addressBytes, addressesOf, coversAddress } from './addresses.ts';
import { BindingBook } from './book.ts';
import { bindingName, nodeBinding, nodeIn } from './certificates.ts';
import { ElsewhereError } from './refusal.ts';
import type { BindingStore } from './store.ts';

/** Addresses by the name of the node. */
export type DeclaredAddresses = ReadonlyMap<string, readonly string[]>;

export interface NodeBindingsOptions {
  /** Those of a cluster file: they go before what is stored. Another map when they have changed. */
  readonly declared: () => DeclaredAddresses;
  /** Hears of what was refused, and bound. */
  readonly log: (message: string) => void;
}

/** What a connection of a node has shown. */
interface Shown {
  readonly user: UserInfo;
  readonly node: string;
  /** Of the binding. */
  readonly name: string;
  /** Absent where the connection has none that could be read: it is in no binding. */
  readonly address: Uint8Array | undefined;
  /** At which it was found good, of the bindings. */
  version: number;
}

interface Held {
  readonly shown: Shown;
  readonly end: () => void;
}

const NEVER = -1;

export class NodeBindings {
  readonly book = new BindingBook((name) => this.#changed(name));
  readonly #options: NodeBindingsOptions;
  #store: BindingStore | undefined;
  /** Moves whenever something that was good might be so no more. */
  #version = 0;
  #declared: DeclaredAddresses = new Map();
  #declaredAddresses = new Map<string, Addresses>();
  readonly #shown = new WeakMap<Peer, Shown>();
  /** Answers without an end, by the name of the binding. */
  readonly #held = new Map<string, Set<Held>>();

  /** For the metrics. */
  readonly counts = { refused: 0, ended: 0, boundAtFirstUse: 0 };

  constructor(options: NodeBindingsOptions) {
    this.#options = options;
  }

  /** Before anybody is served: with what bindings are read and written. */
  useStore(store: BindingStore): void {
    this.#store = store;
  }

  /**
   * Somebody has come with a client certificate that is good: if it is a node's, it has to come from where it
   * is bound to. One that nobody has bound is bound to where it comes from now.
   *
   * @returns undefined where nothing has to be waited for
   * @throws ElsewhereError
   */
  check(user: UserInfo, peer: Peer): Promise<void> | undefined {
    const node = nodeOf(user);
    if (node === undefined) return undefined;
    this.#readDeclared();
    const shown = this.#shown.get(peer) ?? this.#remember(user, node, peer);
    if (shown.version === this.#version) return undefined;
    const addresses = this.#addressesOf(shown);
    if (addresses === undefined) return this.#bindFirst(shown, leafOf(peer));
    this.#judge(shown, addresses);
    return undefined;
  }

  /**
   * Again, for a request that was under way meanwhile.
   *
   * @throws ElsewhereError
   */
  recheck(peer: Peer): void {
    const shown = this.#shown.get(peer);
    if (shown === undefined || shown.version === this.#version) return;
    const addresses = this.#addressesOf(shown);
    if (addresses !== undefined) this.#judge(shown, addresses);
  }

  /**
   * Calls `end`, once or more, as soon as the node of this connection may not come from there any more.
   *
   * @returns what says that it has ended by itself
   */
  hold(peer: Peer, end: () => void): () => void {
    const shown = this.#shown.get(peer);
    if (shown === undefined) return () => undefined;
    const held: Held = { shown, end };
    const all = this.#held.get(shown.name) ?? new Set();
    this.#held.set(shown.name, all.add(held));
    if (this.#isElsewhere(shown)) this.#end(held);
    return () => {
      all.delete(held);
      if (all.size === 0 && this.#held.get(shown.name) === all) this.#held.delete(shown.name);
    };
  }

  /** The declared addresses may be others now. */
  declaredChanged(): void {
    this.#readDeclared();
    for (const name of this.#held.keys()) this.#endElsewhere(name);
  }

  /** Where a connection comes from, in canonical form, and what more its node is bound to. */
  boundTo(peer: Peer): { readonly address?: string; readonly addresses: readonly string[] } {
    const bytes = addressBytes(peer.address);
    const shown = this.#shown.get(peer);
    return {
      ...(bytes === undefined ? {} : { address: bytesToIp(bytes) }),
      addresses: (shown === undefined ? undefined : this.#addressesOf(shown)?.texts) ?? [],
    };
  }

  /** A certificate is about to be given to whoever has asked for it: bound before anybody can have it. */
  async issued(
    certificate: Certificate,
    from: { readonly address?: string; readonly addresses: readonly string[] },
  ): Promise<void> {
    const node = nodeIn(certificate);
    if (node === undefined) return;
    this.#readDeclared();
    const declared = this.#declaredAddresses.get(node)?.texts ?? from.addresses;
    const { address } = from;
    if (declared.length > 0) {
      await this.#keep(nodeBinding(certificate, node, declared, 'Declaration'));
    } else if (address !== undefined) {
      await this.#keep(nodeBinding(certificate, node, [address], 'Request'));
    }
  }

  /** Removes bindings whose certificates have expired before this time. */
  async removeExpired(before: Date): Promise<void> {
    for (const name of this.book.expired(before.getTime())) await this.#store?.remove(name);
  }

  #remember(user: UserInfo, node: string, peer: Peer): Shown {
    const shown: Shown = {
      user,
      node,
      name: bindingName(leafOf(peer)),
      address: addressBytes(peer.address),
      version: NEVER,
    };
    this.#shown.set(peer, shown);
    return shown;
  }

  #addressesOf({ node, name }: Shown): Addresses | undefined {
    const declared = this.#declaredAddresses.get(node);
    if (declared !== undefined) return declared;
    const bound = this.book.find(name);
    return bound === undefined ? undefined : addressesOf(bound.addresses);
  }

  #isElsewhere(shown: Shown): boolean {
    const addresses = this.#addressesOf(shown);
    return addresses !== undefined && !isIn(addresses, shown);
  }

  #judge(shown: Shown, addresses: Addresses): void {
    if (isIn(addresses, shown)) {
      shown.version = this.#version;
      return;
    }
    const { user, node, address } = shown;
    const seen = address === undefined ? 'an address that is not known' : bytesToIp(address);
    const { texts } = addresses;
    const by = this.#declaredAddresses.has(node) ? 'the cluster file' : `NodeBinding ${shown.name}`;
    this.counts.refused += 1;
    this.#options.log(
      `node credentials: that of ${quoted(node, 253)} came from ${seen} and is bound to ${texts.join(', ')} (${by}): refused`,
    );
    throw new ElsewhereError(user, node, texts, seen);
  }

  /** Whoever has bound it meanwhile, here or at another server, counts. */
  async #bindFirst(shown: Shown, certificate: Certificate): Promise<void> {
    const { node, address } = shown;
    if (address === undefined) {
      this.#judge(shown, addressesOf([]));
      return;
    }
    const seen = bytesToIp(address);
    const binding = nodeBinding(certificate, node, [seen], 'FirstUse');
    const { isNew } = await this.#keep(binding);
    if (isNew) {
      this.counts.boundAtFirstUse += 1;
      this.#options.log(
        `node credentials first seen: that of ${quoted(node, 253)} is bound to ${seen}, where it came from`,
      );
    }
    const addresses = this.#addressesOf(shown);
    if (addresses !== undefined) this.#judge(shown, addresses);
  }

  async #keep(binding: NodeBinding): Promise<{ readonly isNew: boolean }> {
    if (this.#store === undefined) throw new TypeError('expected a store of bindings, got none');
    const kept = await this.#store.keep(binding);
    // Written by another server, it may not have come here yet.
    this.book.stored(binding.metadata.name ?? '', kept.object, kept.revision);
    return kept;
  }

  #readDeclared(): void {
    const declared = this.#options.declared();
    if (declared === this.#declared) return;
    this.#declared = declared;
    this.#declaredAddresses = new Map(
      [...declared].map(([node, texts]) => [node, addressesOf(texts)]),
    );
    this.#version += 1;
  }

  #changed(name: string): void {
    this.#version += 1;
    this.#endElsewhere(name);
  }

  #endElsewhere(name: string): void {
    for (const held of this.#held.get(name) ?? []) {
      if (this.#isElsewhere(held.shown)) this.#end(held);
    }
  }

  #end(held: Held): void {
    this.#held.get(held.shown.name)?.delete(held);
    this.counts.ended += 1;
    held.end();
  }
}

function leafOf({ certificates: [leaf] }: Peer): Certificate {
  if (leaf === undefined) throw new TypeError('expected a client certificate, got none');
  return parseCertificate(leaf);
}

const isIn = (addresses: Addresses, { address }: Shown): boolean =>
  address !== undefined && coversAddress(addresses, address);
