/** JSON values as a kubeconfig carries them in extensions and in fields that we do not know. */

/** `bigint` only where an integer does not fit a double exactly (up to uint64). */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | JsonObject;

/** Always without a prototype, so that a key called `__proto__` is a key like any other. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export type MutableJsonObject = { [key: string]: JsonValue };

export const newJsonObject = (): MutableJsonObject => ({ __proto__: null });

/** Orders strings as Go does, by their UTF-8 bytes; `<` alone differs for characters beyond U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates (D800-DFFF) stand for code points above every other UTF-16 unit.
    const highX = x >= 0xd800 && x <= 0xdfff;
    const highY = y >= 0xd800 && y <= 0xdfff;
    return highX === highY ? x - y : highX ? 1 : -1;
  }
  return a.length - b.length;
}

/** A number in JSON as Go's encoding/json writes it. */
export function jsonNumber(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
