/** The keys by which a strategic merge patch says more than values can. */

export const DIRECTIVE = '$patch';
export const RETAIN = '$retainKeys';
export const DELETE_FROM = '$deleteFromPrimitiveList/';
export const ORDER = '$setElementOrder/';

export const isDirectiveKey = (key: string): boolean =>
  key === DIRECTIVE || key === RETAIN || key.startsWith(DELETE_FROM) || key.startsWith(ORDER);

/** A patch that cannot be applied, whatever the object. */
export class StrategicPatchError extends Error {
  override readonly name = 'StrategicPatchError';
  /** Upstream's handlers have no reason for it: the answer is 500. */
  readonly isUnexplained: boolean;

  constructor(message: string, isUnexplained = false) {
    super(message);
    this.isUnexplained = isUnexplained;
  }
}
