/** What is computed from samples. Medians, because one sample that another program disturbed must not count. */

/**
 * The value below which the fraction `q` of the samples lies, interpolated between neighbours.
 *
 * @param q 0 to 1
 */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new RangeError('expected at least one sample, got none');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`expected a quantile of 0 to 1, got ${q}`);
  for (const sample of samples) {
    if (!Number.isFinite(sample)) throw new RangeError(`expected finite samples, got ${sample}`);
  }
  const sorted = [...samples].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? 0;
  const high = sorted[Math.ceil(position)] ?? 0;
  return low + (high - low) * (position - Math.floor(position));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/**
 * `numerators[i] / denominators[i]` for each round. Both were measured in the same round, so what
 * slows the machine down for a while slows both, and their ratio stays.
 */
export function ratios(numerators: readonly number[], denominators: readonly number[]): number[] {
  if (numerators.length !== denominators.length) {
    throw new RangeError(
      `expected as many samples on both sides, got ${numerators.length} and ${denominators.length}`,
    );
  }
  return numerators.map((value, round) => {
    const divisor = denominators[round] ?? 0;
    if (!(divisor > 0)) throw new RangeError(`expected positive samples, got ${divisor}`);
    return value / divisor;
  });
}

/** Three significant digits: no benchmark on a shared machine knows more. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`expected a finite number, got ${value}`);
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  const decimals = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return rounded.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
