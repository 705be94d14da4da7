/** Adding lists to a list. */

/**
 * Adds what the lists hold, however long they are: `push(...many)` hands each item over as an argument, and more than
 * some 100,000 arguments fit on no stack (RangeError). What a request brings may have a million.
 */
export function addAll<T>(into: T[], ...lists: readonly Iterable<T>[]): void {
  for (const list of lists) for (const item of list) into.push(item);
}
