/**
 * Linear attention chunk by chunk, as matrix products that can be differentiated: within a chunk all tokens at once,
 * between chunks through the state. Yang et al. 2024 (arXiv 2406.06484, section 3.2) for the delta rule, Yang et al. 2024
 * (arXiv 2412.06464, section 3.3) with decay, Yang et al. 2023 (arXiv 2312.06635, section 4.2) where each channel of the
 * key has its own.
 */
import type { Ops, Tensor } from "../ops.ts";
import { unitLowerInverse } from "../token_ops.ts";

/** Tokens in a chunk: products within it grow with its square, steps between chunks shrink. */
const CHUNK = 32;
/**
 * Tokens in a chunk where channels decay each at their own rate: products between tokens are then of queries that are
 * decayed since the chunk's start and keys times the inverse of that, a factor that must stay within floats.
 */
const CHANNEL_CHUNK = 16;
/**
 * Logarithm of the strongest decay of a channel, 1.8 %, which stronger ones count as: a chunk of them is e^-64, and its
 * inverse times a product of activations is far from the largest float. GLA's decays, 16th roots of sigmoids, are as
 * strong only where a sigmoid's argument is below -64.
 */
const STRONGEST_CHANNEL_DECAY = -4;

export interface StateOperands {
  /** [batch, heads, tokens, keyDim] each. */
  query: Tensor;
  key: Tensor;
  /** [batch, heads, tokens, valueDim] */
  value: Tensor;
  /**
   * ln of what the state is multiplied by before each token, [batch, heads, tokens]; or of each channel of the key's
   * part of it, [batch, heads, tokens, keyDim], at least -4 (less counts as -4); null: nothing is forgotten.
   */
  logDecay: Tensor | null;
  /** How far each token's value replaces what its key finds, [batch, heads, tokens]; null: it is added (no delta rule). */
  beta: Tensor | null;
  /** What queries are multiplied by. */
  scale: number;
}

/** [batch, heads, tokens, valueDim] */
export function chunkedState(ops: Ops, operands: StateOperands): Tensor {
  const { scale } = operands, [batch, heads, tokens, keyDim] = operands.query.dims;
  const valueDim = operands.value.dims[3], sequences = batch * heads;
  const isPerChannel = operands.logDecay?.dims.length === 4;
  const chunks = Math.ceil(tokens / (isPerChannel ? CHANNEL_CHUNK : CHUNK)), length = Math.ceil(tokens / chunks);
  const query = cut(operands.query), key = cut(operands.key), value = cut(operands.value);
  const beta = operands.beta && cut(operands.beta), decay = operands.logDecay && decays(cut(operands.logDecay));

  const scores = withKeys(query, 0, scale);
  // What each token adds to the state beside its key, apart from what the chunk's first state takes away of it.
  let added = value, taken: Tensor | null = null;
  if (beta) {
    const inverse = unitLowerInverse(ops, ops.mul(withKeys(key, -1), beta));
    added = ops.matMul(inverse, ops.mul(value, beta));
    const found = ops.mul(key, beta);
    taken = ops.matMul(inverse, decay ? ops.mul(found, decay.sinceStart) : found);
  }
  const { writes, states } = passStates();
  const within = ops.matMul(scores, writes);
  const whole = states ? ops.add(within, ops.matMul(read(), states, { alpha: scale })) : within;
  const joined = ops.reshape(whole, [batch, heads, chunks * length, valueDim]);
  return chunks * length === tokens ? joined : ops.slice(joined, 2, 0, tokens);

  /** [.., tokens, width] or [.., tokens] -> [sequences, chunks, length, width or 1]; what is missing at the end is 0. */
  function cut(x: Tensor): Tensor {
    const whole = chunks * length === tokens ? x : ops.pad(x, 2, 0, chunks * length - tokens);
    return ops.reshape(whole, [sequences, chunks, length, x.dims[3] ?? 1]);
  }

  function read(): Tensor {
    return decay ? ops.mul(query, decay.sinceStart) : query;
  }

  /**
   * Each token's row times the keys up to its own (diagonal 0) or before it (-1), times what is left of those by then;
   * 0 for the others: [sequences, chunks, length, length].
   */
  function withKeys(rows: Tensor, diagonal: 0 | -1, alpha = 1): Tensor {
    const products = (a: Tensor, b: Tensor) => ops.matMul(a, b, { transB: true, alpha });
    if (!decay) return ops.mul(products(rows, key), lower(diagonal));
    if (decay.between) {
      const decayed = ops.mul(products(rows, key), decay.between);
      return diagonal === 0 ? decayed : ops.mul(decayed, lower(diagonal));
    }
    const grown = ops.mul(key, ops.unary("Exp", ops.unary("Neg", decay.logs)));
    return ops.mul(products(ops.mul(rows, decay.sinceStart), grown), lower(diagonal));
  }

  /** What every chunk writes, and the state before each: null where there is one chunk, which starts from zeros. */
  function passStates(): { writes: Tensor; states: Tensor | null } {
    if (chunks === 1) return { writes: added, states: null };
    const each = (x: Tensor) => ops.split(x, new Array(chunks).fill(1), 1);
    const keys = each(decay ? ops.mul(key, decay.untilEnd) : key), adds = each(added);
    const takes = taken && each(taken), whole = decay && each(decay.ofChunk);
    const states = [ops.zeros([sequences, 1, keyDim, valueDim])], writes: Tensor[] = [];
    for (let c = 0; c < chunks; c++) {
      const state = states[c], isFirst = c === 0;
      writes.push(takes && !isFirst ? ops.sub(adds[c], ops.matMul(takes[c], state)) : adds[c]);
      if (c === chunks - 1) break;
      const gained = ops.matMul(keys[c], writes[c], { transA: true });
      states.push(isFirst ? gained : ops.add(whole ? ops.mul(state, whole[c]) : state, gained));
    }
    return { writes: takes ? ops.concat(writes, 1) : added, states: ops.concat(states, 1) };
  }

  /** Factors of forgetting from the decays' logarithms, [sequences, chunks, length, 1 or keyDim]. */
  function decays(logs: Tensor) {
    const since = ops.cumSum(isPerChannel ? ops.clip(logs, STRONGEST_CHANNEL_DECAY, 0) : logs, 2);
    const all = ops.slice(since, 2, length - 1, length);
    return {
      logs: since,
      /** From the state before the chunk to each token. */
      sinceStart: ops.unary("Exp", since),
      /** From each token to the chunk's end. */
      untilEnd: ops.unary("Exp", ops.sub(all, since)),
      /** Of the rows of a state, [sequences, chunks, 1 or keyDim, 1]. */
      ofChunk: ops.unary("Exp", ops.reshape(all, [sequences, chunks, logs.dims[3], 1])),
      between: isPerChannel ? null : between(since),
    };
  }

  /** From each token (column) to each later one (row), 0 for earlier ones: [sequences, chunks, length, length]. */
  function between(since: Tensor): Tensor {
    const differences = ops.sub(since, ops.reshape(since, [sequences, chunks, 1, length]));
    // Hidden before exp: above the diagonal the differences are positive and may be large.
    return ops.unary("Exp", ops.add(differences, ops.constant(triangle(0, 0, -1e30), [length, length])));
  }

  function lower(diagonal: number): Tensor {
    return ops.constant(triangle(diagonal, 1, 0), [length, length]);
  }

  /** `inside` on and below a diagonal (0: the main one, -1: the one below), `outside` elsewhere. */
  function triangle(diagonal: number, inside: number, outside: number): number[] {
    return Array.from({ length: length ** 2 }, (_, at) => {
      return at % length - Math.floor(at / length) <= diagonal ? inside : outside;
    });
  }
}
