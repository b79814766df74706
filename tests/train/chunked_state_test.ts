import assert from "node:assert/strict";
import { floats, openSession } from "../../lib/model/session.ts";
import { GraphBuilder } from "../../lib/onnx/graph_builder.ts";
import { seededRandom } from "../../lib/stats/random.ts";
import { chunkedState } from "../../lib/train/blocks/chunked_state.ts";
import { Ops, size, type Tensor } from "../../lib/train/ops.ts";
import { gradients } from "../../lib/train/tape.ts";
import { dot } from "../arch/blocks/loops.ts";

const TOKENS = 37, KEY = 4, VALUE = 3, SCALE = 0.5;

interface StateCase {
  isDelta: boolean;
  /** ln of the decay of a channel of the key at a token; the same for all channels where it is of the head. */
  log?: (t: number, channel: number) => number;
  isPerChannel?: boolean;
}

const mild = (t: number, c: number) => -0.05 * (1 + (t * 7 + c * 5) % 11);
const CASES: Record<string, StateCase> = {
  "without decay": { isDelta: false },
  "with the delta rule": { isDelta: true },
  "with decays of the head": { isDelta: false, log: (t) => mild(t, 0) },
  "with the delta rule and decays of the head": { isDelta: true, log: (t) => -40 * (t % 3) },
  "with mild decays of the channels": { isDelta: false, log: mild, isPerChannel: true },
  "with the strongest decays of the channels": { isDelta: false, log: (_, c) => c - 4, isPerChannel: true },
  "with the delta rule and decays of the channels": {
    isDelta: true,
    log: (t, c) => -((t + c) % 5),
    isPerChannel: true,
  },
};

for (const [name, { isDelta, log, isPerChannel }] of Object.entries(CASES)) {
  Deno.test(`a state chunk by chunk is the state token by token: ${name}`, async () => {
    const operands = draw(), want = tokenByToken(operands, isDelta, log ?? (() => 0));
    const { read } = await run(operands, isDelta, log, isPerChannel);
    const error = Math.max(...read.map((x, i) => Math.abs(x - want[i])));
    assert.ok(error < 1e-5 * Math.max(...want.map(Math.abs)), `largest error ${error}`);
  });
}

Deno.test("channels that decay more strongly than e^-4 count as if by that, and nothing overflows on the way back", async () => {
  const operands = draw(), want = tokenByToken(operands, true, () => -4);
  const { read, ofKeys } = await run(operands, true, () => -1000, true);
  assert.ok(read.every((x, i) => Math.abs(x - want[i]) < 1e-4));
  assert.ok(ofKeys.every(Number.isFinite) && ofKeys.some((x) => Math.abs(x) > 0.01));
});

interface Drawn {
  /** [tokens][width] each. */
  query: number[][];
  key: number[][];
  value: number[][];
  /** [tokens] */
  beta: number[];
}

function draw(): Drawn {
  const random = seededRandom(5);
  const rows = (width: number) => Array.from({ length: TOKENS }, () => Array.from({ length: width }, random.normal));
  const key = rows(KEY).map((k) => k.map((x) => x / Math.hypot(...k))); // of length 1, as the delta rule needs it
  return { query: rows(KEY), key, value: rows(VALUE), beta: Array.from({ length: TOKENS }, random.next) };
}

/** S = a S; S += k beta (v - k S), or k v without the delta rule; q S. */
function tokenByToken({ query, key, value, beta }: Drawn, isDelta: boolean, log: (t: number, c: number) => number) {
  const state = Array.from({ length: KEY }, () => new Array<number>(VALUE).fill(0));
  return query.flatMap((q, t) => {
    state.forEach((row, c) => row.forEach((_, j) => row[j] *= Math.exp(log(t, c))));
    const known = value[t].map((_, j) => dot(key[t], state.map((row) => row[j])));
    const added = value[t].map((v, j) => isDelta ? beta[t] * (v - known[j]) : v);
    state.forEach((row, c) => row.forEach((_, j) => row[j] += key[t][c] * added[j]));
    return value[t].map((_, j) => SCALE * dot(q, state.map((row) => row[j])));
  });
}

/** What the graph gives, [tokens * valueDim], and the gradient of its sum of squares with respect to the keys. */
async function run({ query, key, value, beta }: Drawn, isDelta: boolean, log: StateCase["log"], isPerChannel = false) {
  const g = new GraphBuilder("state"), ops = new Ops(g, g), feeds: Record<string, ReturnType<typeof floats>> = {};
  const input = (name: string, values: number[], width?: number): Tensor => {
    const dims = [1, 1, TOKENS, ...(width === undefined ? [] : [width])];
    feeds[name] = floats(values, dims);
    return { name: g.input(name, "float32", dims), dims };
  };
  const tokens = Array.from({ length: TOKENS }, (_, t) => t), channels = Array.from({ length: KEY }, (_, c) => c);
  const keys = input("key", key.flat(), KEY);
  const logDecay = !log
    ? null
    : isPerChannel
    ? input("log", tokens.flatMap((t) => channels.map((c) => log(t, c))), KEY)
    : input("log", tokens.map((t) => log(t, 0)));
  const y = chunkedState(ops, {
    query: input("query", query.flat(), KEY),
    key: keys,
    value: input("value", value.flat(), VALUE),
    logDecay,
    beta: isDelta ? input("beta", beta) : null,
    scale: SCALE,
  });
  const loss = ops.reduceSum(ops.reshape(ops.mul(y, y), [size(y.dims)]), [0]);
  const [ofKeys] = gradients(ops, loss, [keys]);
  for (const { name, dims } of [y, ofKeys]) g.output(name, "float32", [...dims]);
  const session = await openSession(g.model(), { provider: "cpu", threads: 1 });
  const out = await session.run(feeds, [y.name, ofKeys.name]);
  await session.release();
  const values = ({ name }: Tensor) => [...out[name].data as Float32Array];
  return { read: values(y), ofKeys: values(ofKeys) };
}
