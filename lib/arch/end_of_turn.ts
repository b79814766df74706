/** What every turn of a decoding Loop ends with: the head, the next token, and which rows are done. */
import { DATA_TYPES, GraphBuilder } from "../onnx/graph_builder.ts";
import { chooseToken } from "./choose_token.ts";

/** Declare the inputs that steer the turns; their meaning stands in generate_graph.ts. */
export function turnInputs(root: GraphBuilder): void {
  root.input("max_new", "int64", []);
  root.input("eos", "int64", ["eos_ids"]);
  root.input("suppress_eos", "bool", []);
  root.input("temperature", "float32", []);
  root.input("top_k", "int64", [1]);
  root.input("top_p", "float32", []);
  root.input("uniforms", "float32", ["max_new", "batch"]);
  root.input("want_logprobs", "bool", []);
}

/** Names of the values at the end of a turn. */
export interface TurnEnd {
  /** int64 [batch]; -1 where the logits were not finite. */
  token: string;
  /** float32 [batch], 0 when not wanted. */
  logprob: string;
  /** int64 [batch, 1], as the next turn reads them. */
  ids: string;
  /** bool [batch] */
  done: string;
  /** bool []: whether a row is left. */
  goOn: string;
}

/** @param turn.logits float32 [batch, vocab], of each row's last token; `turn.turn` int64 []; `turn.done` bool [batch]. */
export function endOfTurn(
  root: GraphBuilder,
  g: GraphBuilder,
  { logits, vocabSize, turn, done }: { logits: string; vocabSize: number; turn: string; done: string },
): TurnEnd {
  const int64 = (values: number[]) => root.literal("int64", [values.length], values);
  const drawn = chooseToken(root, g, {
    logits,
    uniform: g.node("Gather", ["uniforms", turn]),
    vocabSize,
  });
  // One NaN makes the sum NaN; so do infinities of both signs.
  const broken = g.node("IsNaN", [g.node("ReduceSum", [logits, int64([1])], { keepdims: 0 })]);
  const checked = g.node("Where", [broken, root.literal("int64", [], [-1]), drawn]);
  const next = g.node("Where", [done, g.node("Gather", ["eos", root.literal("int64", [], [0])]), checked]);
  const column = g.node("Unsqueeze", [next, int64([1])]); // [batch, 1]
  const logprob = g.node("If", ["want_logprobs"], {
    then_branch: { graph: logprobBranch(root, logits, column) },
    else_branch: { graph: zeroLogprobBranch(root, next) },
  });

  const anyEos = g.node("ReduceMax", [
    g.node("Cast", [g.node("Equal", [column, "eos"])], { to: DATA_TYPES.int32 }),
    int64([1]),
  ], { keepdims: 0 });
  const doneNow = g.node("Or", [g.node("Or", [done, broken]), g.node("Cast", [anyEos], { to: DATA_TYPES.bool })]);
  const allDone = g.node("ReduceMin", [g.node("Cast", [doneNow], { to: DATA_TYPES.int32 })], { keepdims: 0 });
  return {
    token: next,
    logprob,
    // A row that is done may hold -1, which is no row of the embedding.
    ids: g.node("Max", [column, root.literal("int64", [], [0])]),
    done: doneNow,
    goOn: g.node("Not", [g.node("Cast", [allDone], { to: DATA_TYPES.bool })]),
  };
}

function logprobBranch(root: GraphBuilder, logits: string, column: string): GraphBuilder {
  const g = new GraphBuilder("logprob", "logprob/");
  const all = g.node("LogSoftmax", [logits], { axis: -1 });
  const axis = root.literal("int64", [1], [1]);
  const picked = g.node("Squeeze", [g.node("GatherElements", [all, column], { axis: 1 }), axis]);
  g.output(picked, "float32", ["batch"]);
  return g;
}

function zeroLogprobBranch(root: GraphBuilder, next: string): GraphBuilder {
  const g = new GraphBuilder("no_logprob", "no_logprob/");
  const zeros = g.node("Mul", [
    g.node("Cast", [next], { to: DATA_TYPES.float32 }),
    root.literal("float32", [], [0]),
  ]);
  g.output(zeros, "float32", ["batch"]);
  return g;
}
