/**
 * The choice of a token from logits on the host, as our own graphs make theirs (lib/arch/choose_token.ts): temperature,
 * then top-k, then top-p, in the order of transformers' logits processors; the draw is the inverse of the cumulative
 * distribution at a uniform number.
 */

export interface TokenChoice {
  /** 0: the most probable. */
  temperature?: number;
  /** 0: all. */
  topK?: number;
  topP?: number;
  /** Ids that are not chosen. */
  suppressed?: readonly number[];
  /** In [0, 1). */
  uniform?: number;
  /** Whether the log-probability is wanted, which takes an exponential for each token. Default false. */
  logprob?: boolean;
}

export interface ChosenToken {
  /** -1 where the logits are not finite. */
  id: number;
  /** Where wanted: ln p under the untempered distribution over all tokens. */
  logprob: number | null;
}

/** @param logits Of one row. */
export function chooseToken(logits: Float32Array, choice: TokenChoice = {}): ChosenToken {
  const { temperature = 0, topK = 0, topP = 1, suppressed = [], uniform = 0, logprob = false } = choice;
  // A plain sum is quick and finds what is not finite; a masked token's -Infinity is no fault, so that is looked at again.
  const sum = logprob || !Number.isFinite(plainSum(logits)) ? logSumExp(logits) : null;
  if (sum !== null && !Number.isFinite(sum)) return { id: -1, logprob: null };
  const choosable = suppressed.length ? logits.slice() : logits;
  for (const id of suppressed) choosable[id] = -Infinity;
  const id = temperature > 0 ? draw(choosable, { temperature, topK, topP, uniform }) : argmax(choosable);
  return { id, logprob: logprob ? logits[id] - sum! : null };
}

function plainSum(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

function draw(
  logits: Float32Array,
  { temperature, topK, topP, uniform }: Required<Omit<TokenChoice, "suppressed" | "logprob">>,
) {
  const scaled = logits.map((x) => x / temperature), sum = logSumExp(scaled);
  const order = Uint32Array.from(scaled, (_, i) => i).sort((a, b) => scaled[b] - scaled[a] || a - b);
  const kept = topK > 0 && topK < order.length ? order.subarray(0, topK) : order;
  const p = Float64Array.from(kept, (id) => Math.exp(scaled[id] - sum));
  const total = kept.length === order.length ? 1 : p.reduce((a, b) => a + b, 0);
  // A token stays when the probability before it is below top_p.
  let count = 0, mass = 0;
  while (count < p.length && (topP >= 1 || mass < total * topP)) mass += p[count++];
  const target = uniform * (topP >= 1 ? total : mass);
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += p[i];
    if (before > target) return kept[i];
  }
  return kept[count - 1]; // rounding may pass the whole mass
}

/** Index of the largest value; the first wins a tie. NaN makes none larger. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** ln of the sum of e^x, in doubles; NaN or infinite where a value is NaN or +infinite. */
export function logSumExp(values: Float32Array): number {
  const largest = values[argmax(values)];
  if (!Number.isFinite(largest)) return NaN;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - largest);
  return largest + Math.log(sum);
}
