/**
 * The machine's limits as a peer: the model's matrices and nothing else, one row each (a decode step can't be faster),
 * and one large MatMul. Weights are made when the graph is loaded. Arguments: threads, matrices as JSON.
 */
import { type ElementType, GraphBuilder, MS } from "../../../lib/onnx/graph_builder.ts";
import { TextLineStream } from "../../../lib/model/lines.ts";
import { collapseToHugePages } from "../../../lib/model/huge_pages.ts";
import { floats, openSession, type Session } from "../../../lib/model/session.ts";
import type { LimitMatrix } from "./limit_matrices.ts";

const BLOCK = 32;
/** Rows, depth and columns of the large product. */
const LARGE = 2048;

const threads = Number(Deno.args[0]), matrices = JSON.parse(Deno.args[1]) as LimitMatrix[];
const depths = [...new Set(matrices.map(([K]) => K))];
const sessions = new Map<string, Promise<Session>>();
const session = (name: string, build: () => Uint8Array) => {
  if (!sessions.has(name)) {
    sessions.set(name, openSession(build(), { threads }));
  }
  return sessions.get(name)!;
};

/** A tensor of one value, made at load and folded to a constant. */
function filled(
  g: GraphBuilder,
  type: ElementType,
  dims: number[],
  value: number,
): string {
  const one = g.constant(`value_${type}_${value}`, type, [], [value]);
  return g.node("Expand", [
    one,
    g.constant(`shape_${dims.join("x")}`, "int64", [dims.length], dims),
  ]);
}

/** The input row of this length. */
function inputOf(depth: number): string {
  return `x${depth}`;
}

function rowsGraph(precision: "fp32" | "int4"): Uint8Array {
  const g = new GraphBuilder(`limit_${precision}`);
  for (const K of depths) g.input(inputOf(K), "float32", [1, K]);
  const sums = matrices.map(([K, N], i) => {
    const x = inputOf(K);
    // a value of its own for each matrix, or equal ones would be folded into one
    const value = 1e-3 * (i + 1);
    const out = precision === "fp32" ? g.node("MatMul", [x, filled(g, "float32", [K, N], value)]) : g.node(
      "MatMulNBits",
      [
        x,
        filled(g, "uint8", [N, K / BLOCK, BLOCK / 2], 1 + i % 250),
        filled(g, "float32", [N * K / BLOCK], value),
      ],
      { K, N, bits: 4, block_size: BLOCK, accuracy_level: 4 },
      { domain: MS },
    );
    return g.node("ReduceSum", [out], { keepdims: 0 });
  });
  g.node("Sum", sums, {}, { outputs: ["out"] });
  g.output("out", "float32", []);
  return g.model();
}

function largeGraph(): Uint8Array {
  const g = new GraphBuilder("large_matmul");
  g.input("a", "float32", [LARGE, LARGE]);
  const product = g.node("MatMul", [
    "a",
    filled(g, "float32", [LARGE, LARGE], 1e-3),
  ]);
  g.node("ReduceSum", [product], { keepdims: 0 }, { outputs: ["out"] }); // so that 16 MB need not be copied out
  g.output("out", "float32", []);
  return g.model();
}

async function times(
  s: Session,
  feeds: Record<string, ReturnType<typeof floats>>,
  repeats: number,
): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await s.run(feeds, ["out"]);
    ms.push(performance.now() - start);
  }
  return ms;
}

const ones = (...dims: number[]) => floats(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1), dims);
const methods = {
  /** Steps of the model's matrices; bytes that one step reads. `hugePages`: the weights are moved there, once. */
  async rows(
    { precision, repeats, hugePages }: {
      precision: "fp32" | "int4";
      repeats: number;
      hugePages: boolean;
    },
  ) {
    const fresh = !sessions.has(precision);
    const s = await session(precision, () => rowsGraph(precision));
    if (fresh && hugePages) collapseToHugePages();
    const numbers = matrices.reduce((n, [K, N]) => n + K * N, 0);
    const bytes = precision === "fp32" ? 4 * numbers : numbers / 2 + 4 * numbers / BLOCK;
    return {
      ms: await times(s, Object.fromEntries(depths.map((K) => [inputOf(K), ones(1, K)])), repeats),
      bytes,
    };
  },
  /** Large products; floating-point operations of one. */
  async large({ repeats }: { repeats: number }) {
    const s = await session("large", largeGraph);
    return {
      ms: await times(s, { a: ones(LARGE, LARGE) }, repeats),
      flops: 2 * LARGE ** 3,
    };
  },
};

const say = (message: unknown) => console.log(JSON.stringify(message));
say({ id: -1, result: { versions: {} } });
for await (
  const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
) {
  const { id, method, params } = JSON.parse(line) as {
    id: number;
    method: keyof typeof methods;
    params: never;
  };
  try {
    say({ id, result: await methods[method](params) });
  } catch (error) {
    say({ id, error: String(error) });
  }
}
