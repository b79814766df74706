/** Runs one block of a layer on its own, on weights that are all random, biases and norms too. */
import type { Block, DecoderInputs, Parameter } from "../../../lib/arch/blocks/block.ts";
import { HIDDEN, Nodes } from "../../../lib/arch/nodes.ts";
import { Packer } from "../../../lib/arch/packer.ts";
import { packRopeTables } from "../../../lib/arch/rope_tables.ts";
import type { ArchSpec, MixerSpec } from "../../../lib/arch/spec.ts";
import { stateDims } from "../../../lib/arch/states.ts";
import { type Feeds, floats, int64s, openSession } from "../../../lib/model/session.ts";
import { zeroState } from "../../../lib/model/caches.ts";
import { GraphBuilder } from "../../../lib/onnx/graph_builder.ts";
import { seededRandom } from "../../../lib/stats/random.ts";
import type { Numbers } from "./loops.ts";

/** A model of one layer with this mixer. */
export function mixerSpec(mixer: MixerSpec, hiddenSize: number): ArchSpec {
  return {
    name: "one layer",
    vocabSize: 16,
    hiddenSize,
    contextLength: 64,
    layers: [{ mixer, channel: { kind: "none" } }],
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "none" },
    tiedHead: true,
  };
}

/** A value for every parameter, by name, [rows][cols]: normal with deviation cols ** -0.5, of vectors 0.5. */
export function drawWeights(parameters: Parameter[], seed: number): Record<string, Numbers> {
  const random = seededRandom(seed);
  return Object.fromEntries(parameters.map(({ name, rows, cols, role }) => {
    const deviation = role === "vector" ? 0.5 : cols ** -0.5;
    const row = () => Array.from({ length: cols }, () => Math.fround(random.normal() * deviation));
    return [name, Array.from({ length: rows }, row)];
  }));
}

/** What a run reads and gives: x, y [batch][tokens][hiddenSize], and the states by name. */
export interface BlockRun {
  y: Numbers[];
  states: Feeds;
}

/** Opens a block; each run starts at token `from` of its sequences, behind the states of the run before. */
export async function openBlock(spec: ArchSpec, block: Block, weights: Record<string, Numbers>) {
  const chunks: Uint8Array[] = [], location = "weights.bin";
  const packer = new Packer("fp32", location, (bytes) => void chunks.push(bytes.slice()));
  const packed = await block.pack((name) => {
    const m = weights[name];
    return Promise.resolve({ rows: m.length, cols: m[0].length, values: Float32Array.from(m.flat()) });
  }, packer);
  const [rope] = await packRopeTables(spec, packer);
  const g = new GraphBuilder("block"), D = spec.hiddenSize, nodes = new Nodes(g, g);
  g.input("x", "float32", ["batch", "tokens", D]);
  for (const name of ["ids", "positions", "slots"]) g.input(name, "int64", ["batch", "tokens"]);
  g.input("bias", "float32", ["batch", 1, "tokens", "total"]);
  for (const state of block.states) {
    g.input(`past.${state.name}`, state.type, stateDims(state, "batch", "past"));
    g.output(`present.${state.name}`, state.type, stateDims(state, "batch", "total"));
  }
  const inputs = {
    ids: "ids",
    positions: () => "positions",
    slots: () => "slots",
    bias: () => "bias",
    state: (_layer: number, name: string) => ({ past: `past.${name}`, present: `present.${name}` }),
  } as Partial<DecoderInputs> as DecoderInputs;
  const tables = () => rope ? { cos: nodes.weight(rope.cos), sin: nodes.weight(rope.sin) } : null;
  const y = block.emit({ nodes, inputs, layer: 0, rope: tables }, packed, "x");
  g.output(g.node("Identity", [y], {}, { outputs: ["y"] }), "float32", ["batch", "tokens", D]);
  const data = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const session = await openSession(g.model(), {
    provider: "cpu",
    threads: 1,
    externalData: [{ path: location, data }],
  });
  return {
    close: () => session.release(),
    async run(x: Numbers[], from: number | number[] = 0, states?: Feeds, tree?: Tree): Promise<BlockRun> {
      const batch = x.length, tokens = x[0].length, starts = x.map((_, b) => typeof from === "number" ? from : from[b]);
      const past = states ?? Object.fromEntries(block.states.map((s) => [`past.${s.name}`, zeroState(s, batch)]));
      const slots = starts.flatMap((start) => Array.from({ length: tokens }, (_, t) => start + t));
      const sees = tree?.sees ?? ((token: number, slot: number) => slot <= slots[token]);
      const total = Math.max(...starts) + tokens;
      const bias = slots.flatMap((_, token) =>
        Array.from({ length: total }, (_, slot) => sees(token, slot) ? 0 : HIDDEN)
      );
      const whole = (values: number[]) => int64s(values, [batch, tokens]);
      const out = await session.run({
        ...past,
        x: floats(Float32Array.from(x.flat(2)), [batch, tokens, D]),
        ids: whole(slots.map(() => 0)),
        positions: whole(tree?.positions ?? slots),
        slots: whole(slots),
        bias: floats(bias, [batch, 1, tokens, total]),
      }, ["y", ...block.states.map((s) => `present.${s.name}`)]);
      const data = out.y.data as Float32Array;
      const row = (b: number, t: number) => [...data.subarray((b * tokens + t) * D, (b * tokens + t + 1) * D)];
      return {
        y: x.map((_, b) => Array.from({ length: tokens }, (_, t) => row(b, t))),
        states: Object.fromEntries(block.states.map((s) => [`past.${s.name}`, out[`present.${s.name}`]])),
      };
    },
  };
}

/** Tokens of one sequence that stand elsewhere than their slots say, and the slots that each of them sees. */
export interface Tree {
  positions: number[];
  sees(token: number, slot: number): boolean;
}

type Run = (x: Numbers[], from?: number | number[], states?: Feeds, tree?: Tree) => Promise<BlockRun>;

/** The first `together` tokens in one run, then each of the others in its own. */
export async function runStepwise(run: Run, xs: Numbers[], together: number): Promise<BlockRun> {
  let { y, states } = await run(xs.map((x) => x.slice(0, together)));
  for (let t = together; t < xs[0].length; t++) {
    const step = await run(xs.map((x) => [x[t]]), t, states);
    y = y.map((rows, b) => [...rows, ...step.y[b]]);
    states = step.states;
  }
  return { y, states };
}

/** Some inputs, [batch][tokens][hiddenSize]. */
export function drawInputs(batch: number, tokens: number, hiddenSize: number, seed = 1): Numbers[] {
  const random = seededRandom(seed);
  const many = <T>(length: number, make: () => T) => Array.from({ length }, make);
  return many(batch, () => many(tokens, () => many(hiddenSize, () => Math.fround(random.normal()))));
}

/** The largest difference between two results, [batch][tokens][hiddenSize] each. */
export function furthest(a: Numbers[], b: Numbers[]): number {
  return Math.max(...a.flat(2).map((v, i) => Math.abs(v - b.flat(2)[i])));
}
