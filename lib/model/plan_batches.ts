/** Which sequences run side by side. */

/**
 * Put sequences of like length into batches.
 *
 * @param lengths Tokens of each sequence.
 * @param most Padded tokens of a batch: its rows times its longest. A longer sequence stands alone.
 * @param rows Rows of a batch at most.
 * @returns Indexes of each batch, longest first: memory is then at its peak at once, not after an hour.
 */
export function planBatches(lengths: number[], most: number, rows = Infinity): number[][] {
  const batches: number[][] = [];
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b] - lengths[a]);
  for (const index of order) {
    const last = batches.at(-1);
    if (last && last.length < rows && (last.length + 1) * lengths[last[0]] <= most) last.push(index);
    else batches.push([index]);
  }
  return batches;
}
