/** The nodes that choose the next token of every row: the most probable one, or a draw by temperature, top-k and top-p. */
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import { emitArgmax } from "./argmax.ts";

export interface TokenChoice {
  /** float32 [batch, vocab] */
  logits: string;
  /** float32 [batch] in [0, 1) */
  uniform: string;
  vocabSize: number;
}

/**
 * Emits the choice into `g`: int64 [batch]. It reads the outer inputs `suppress_eos`, `eos`, `temperature` (0: greedy),
 * `top_k` and `top_p`.
 */
export function chooseToken(root: GraphBuilder, g: GraphBuilder, choice: TokenChoice): string {
  const sampling = g.node("Greater", ["temperature", root.literal("float32", [], [0])]);
  return g.node("If", [sampling], {
    then_branch: { graph: sampleBranch(root, choice) },
    else_branch: { graph: greedyBranch(root, choice) },
  });
}

/** The logits without those of the eos ids, where these are suppressed. */
function choosable(root: GraphBuilder, g: GraphBuilder, logits: string): string {
  return g.node("If", ["suppress_eos"], {
    then_branch: { graph: withoutEosBranch(root, logits) },
    else_branch: { graph: unchangedBranch(logits) },
  });
}

function withoutEosBranch(root: GraphBuilder, logits: string): GraphBuilder {
  const g = new GraphBuilder("without_eos", "without_eos/");
  g.output(withoutEos(root, g, logits), "float32", ["batch", "vocab"]);
  return g;
}

function withoutEos(root: GraphBuilder, g: GraphBuilder, logits: string): string {
  const batch = g.node("Shape", [logits], { start: 0, end: 1 });
  const shape = g.node("Concat", [batch, g.node("Shape", ["eos"])], { axis: 0 });
  const lowest = root.literal("float32", [], [-Infinity]);
  return g.node("ScatterElements", [
    logits,
    g.node("Expand", ["eos", shape]),
    g.node("Expand", [lowest, shape]),
  ], { axis: 1 });
}

function unchangedBranch(logits: string): GraphBuilder {
  const g = new GraphBuilder("unchanged", "unchanged/");
  g.output(g.node("Identity", [logits]), "float32", ["batch", "vocab"]);
  return g;
}

/** The argmax of either kind of logits: an If that gave the logits themselves would copy all of them. */
function greedyBranch(root: GraphBuilder, { logits, vocabSize }: TokenChoice): GraphBuilder {
  const g = new GraphBuilder("greedy", "greedy/");
  const best = (name: string, among: (b: GraphBuilder) => string) => {
    const b = new GraphBuilder(name, `${name}/`);
    b.output(emitArgmax(root, b, among(b), vocabSize), "int64", ["batch"]);
    return { graph: b };
  };
  const chosen = g.node("If", ["suppress_eos"], {
    then_branch: best("best_without_eos", (b) => withoutEos(root, b, logits)),
    else_branch: best("best", () => logits),
  });
  g.output(chosen, "int64", ["batch"]);
  return g;
}

/** Most draws are decided among this many tokens; sorting all 49,152 of SmolLM2 takes longer than a decode step. */
const FEW = 256;

/**
 * Temperature, then top-k, then top-p, in the order of transformers' logits processors: a token stays when the
 * probability before it (in falling order, renormalised after top-k) is below top_p. The draw is the inverse of the
 * cumulative distribution at a uniform from the host, so a seed gives the same ids at every chunk size.
 *
 * The most probable tokens are sorted first, and all of them only when those do not decide the draw of every row. Both
 * ways add the same numbers in the same order, so a row's draw does not depend on the other rows.
 */
function sampleBranch(root: GraphBuilder, { logits, uniform, vocabSize }: TokenChoice): GraphBuilder {
  const g = new GraphBuilder("sample", "sample/");
  const axis = root.literal("int64", [1], [1]);
  const vocab = root.literal("int64", [1], [vocabSize]);
  const oneFloat = root.literal("float32", [1], [1]);
  const tempered = g.node("Div", [choosable(root, g, logits), "temperature"]);
  const probabilities = g.node("Softmax", [tempered], { axis: -1 });
  const draws = g.node("Unsqueeze", [uniform, axis]); // [batch, 1]
  const few = g.node("Min", ["top_k", root.literal("int64", [1], [FEW])]);
  const head = falling(root, g, probabilities, few);

  const noTopP = g.node("GreaterOrEqual", ["top_p", oneFloat]);
  const needed = g.node("Where", [noTopP, draws, "top_p"]); // [batch, 1]: the mass that decides a row
  const reached = g.node("Cast", [g.node("Greater", [head.sum, needed])], { to: DATA_TYPES.int32 });
  const everyRow = g.node("Cast", [g.node("ReduceMin", [reached], { keepdims: 0 })], { to: DATA_TYPES.bool });
  const allTokens = g.node("Equal", ["top_k", vocab]);
  const decided = g.node("Or", [g.node("Equal", [few, "top_k"]), g.node("And", [allTokens, everyRow])]);
  const chosen = g.node("If", [decided], {
    then_branch: { graph: drawBranch(root, "few", draws, noTopP, allTokens, () => head) },
    else_branch: {
      graph: drawBranch(
        root,
        "all",
        draws,
        noTopP,
        allTokens,
        (branch) => falling(root, branch, probabilities, "top_k"),
      ),
    },
  });
  g.output(chosen, "int64", ["batch"]);
  return g;
}

/** The `count` most probable tokens of every row in falling order, with their cumulative sums and the last of these. */
interface Falling {
  p: string;
  order: string;
  cumulative: string;
  /** float [batch, 1] */
  sum: string;
}

function falling(root: GraphBuilder, g: GraphBuilder, probabilities: string, count: string): Falling {
  const p = g.fresh("sorted"), order = g.fresh("order");
  g.node("TopK", [probabilities, count], { axis: -1, largest: 1, sorted: 1 }, { outputs: [p, order] });
  const cumulative = g.node("CumSum", [p, root.literal("int64", [], [1])]);
  const last = g.node("ReduceMax", [cumulative, root.literal("int64", [1], [1])], { keepdims: 1 });
  return { p, order, cumulative, sum: last };
}

/** Keep by top-p and draw. */
function drawBranch(
  root: GraphBuilder,
  name: string,
  draws: string,
  noTopP: string,
  allTokens: string,
  sort: (g: GraphBuilder) => Falling,
): GraphBuilder {
  const g = new GraphBuilder(`draw_${name}`, `draw_${name}/`);
  const axis = root.literal("int64", [1], [1]);
  const { p, order, cumulative, sum } = sort(g);
  const total = g.node("Where", [allTokens, root.literal("float32", [1], [1]), sum]); // after top-k
  const before = g.node("Sub", [cumulative, p]);
  const kept = g.node("Less", [before, g.node("Mul", [total, "top_p"])]);
  const keptSum = g.node("ReduceMax", [
    g.node("Mul", [cumulative, g.node("Cast", [kept], { to: DATA_TYPES.float32 })]),
    axis,
  ], { keepdims: 1 });
  const target = g.node("Mul", [draws, g.node("Where", [noTopP, total, keptSum])]);
  const passed = g.node("LessOrEqual", [cumulative, target]);
  const count = (mask: string) =>
    g.node("ReduceSum", [g.node("Cast", [mask], { to: DATA_TYPES.int64 }), axis], { keepdims: 1 });
  // Rounding may pass the whole mass: the last kept token is meant then.
  const lastKept = g.node("Sub", [count(kept), root.literal("int64", [1], [1])]);
  const chosen = g.node("GatherElements", [order, g.node("Min", [count(passed), lastKept])], { axis: 1 });
  g.output(g.node("Squeeze", [chosen, axis]), "int64", ["batch"]);
  return g;
}
