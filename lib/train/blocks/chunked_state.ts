/**
 * Linear attention chunk by chunk, as matrix products that can be differentiated: within a chunk all tokens at once,
 * between chunks through the state. Yang et al. 2024 (arXiv 2406.06484, section 3.2) for the delta rule, Yang et al. 2024
 * (arXiv 2412.06464, section 3.3) with decay.
 */
import type { Ops, Tensor } from "../ops.ts";
import { unitLowerInverse } from "../token_ops.ts";

/** Tokens in a chunk: products within it grow with its square, steps between chunks shrink. */
const CHUNK = 32;

export interface StateOperands {
  /** [batch, heads, tokens, keyDim] each. */
  query: Tensor;
  key: Tensor;
  /** [batch, heads, tokens, valueDim] */
  value: Tensor;
  /** ln of what the state is multiplied by before each token, [batch, heads, tokens]; null: nothing is forgotten. */
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
  const chunks = Math.ceil(tokens / CHUNK), length = Math.ceil(tokens / chunks);
  const query = cut(operands.query), key = cut(operands.key), value = cut(operands.value);
  const beta = operands.beta && cut(operands.beta), decay = operands.logDecay && decays(cut(operands.logDecay));

  const scores = ops.mul(ops.matMul(query, key, { transB: true, alpha: scale }), decay?.between ?? lower(0));
  // What each token adds to the state beside its key, apart from what the chunk's first state takes away of it.
  let added = value, taken: Tensor | null = null;
  if (beta) {
    const same = ops.matMul(key, key, { transB: true });
    const earlier = ops.mul(ops.mul(decay ? ops.mul(same, decay.between) : same, lower(-1)), beta);
    const inverse = unitLowerInverse(ops, earlier);
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

  /** Factors of forgetting from the decays' logarithms, [sequences, chunks, length, 1]. */
  function decays(logs: Tensor) {
    const since = ops.cumSum(logs, 2), all = ops.slice(since, 2, length - 1, length);
    // Hidden before exp: above the diagonal the differences are positive and may be large.
    const differences = ops.sub(since, ops.reshape(since, [sequences, chunks, 1, length]));
    return {
      /** From the state before the chunk to each token. */
      sinceStart: ops.unary("Exp", since),
      /** From each token to the chunk's end. */
      untilEnd: ops.unary("Exp", ops.sub(all, since)),
      ofChunk: ops.unary("Exp", all),
      /** From each token (column) to each later one (row), 0 for earlier ones: [sequences, chunks, length, length]. */
      between: ops.unary("Exp", ops.add(differences, ops.constant(triangle(0, 0, -1e30), [length, length]))),
    };
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
