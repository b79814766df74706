/**
 * Where a decode step's time goes, operator by operator, from onnxruntime's own profile: `deno task bench:profile`.
 * The same tokens at a short and a long context, by the generate graph and by the batch graph, so that what grows shows.
 * Arguments: precisions, contexts, another model than SmolLM2; `--write` puts the tables into data/decode_profile.md.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DecodeGraph, hasBatchGraph } from "../../lib/arch/batch_graph.ts";
import { resolveSpec } from "../../lib/arch/resolve.ts";
import { runChunk, startState } from "../../lib/model/decode.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { randomPrompts } from "../../lib/model/random_prompts.ts";
import { captureEnvironment, type Precision } from "../../lib/mod.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { tableMarkdown, type TableSpec, tableText } from "../../lib/view/table.ts";
import { graphsOf } from "../model/own_graphs.ts";

const TURNS = 16;
const given = Deno.args.filter((arg) => arg !== "--write");
const numbers = given.filter((arg) => /^\d+$/.test(arg)).map(Number);
const PRECISIONS: Precision[] = ["fp32", "int8", "int4", "stored"];
const precisions = PRECISIONS.filter((precision) => given.includes(precision));
const MODEL = given.find((arg) => !/^\d+$/.test(arg) && !PRECISIONS.includes(arg as Precision)) ?? "smollm2-135m";
const contexts = numbers.length ? numbers : [128, 4096];

interface Event {
  cat: string;
  name: string;
  /** Microseconds. */
  ts: number;
  dur: number;
  args?: { op_name?: string };
}

/** Milliseconds a token of each operator; an operator with a subgraph is left out, since its parts are there. */
async function decodeProfile(precision: Precision, graph: DecodeGraph, context: number): Promise<Map<string, number>> {
  const folder = await Deno.makeTempDir({ prefix: "archbench-profile-" });
  try {
    const model = await openModel({ ref: MODEL, precision }, {
      graphs: [graph],
      profilePrefix: join(folder, "p"),
    });
    const prompts = randomPrompts(model.info.vocabSize, 1, context, 0);
    const first = await runChunk(graphsOf(model), startState(graphsOf(model), prompts, graph), { turns: 1, graph });
    await runChunk(graphsOf(model), first.next, { turns: TURNS, graph, keepCaches: false });
    await model.close();
    const [file] = await readdir(folder);
    const events: Event[] = JSON.parse(await readFile(join(folder, file), "utf8"));
    const runs = events.filter((e) => e.cat === "Session" && e.name === "model_run").sort((a, b) => a.ts - b.ts);
    const { ts } = runs.at(-1)!;
    const times = new Map<string, number>();
    for (const e of events) {
      const op = e.args?.op_name;
      if (e.cat !== "Node" || !op || op === "Loop" || op === "If" || !e.name.endsWith("_kernel_time") || e.ts < ts) {
        continue;
      }
      times.set(op, (times.get(op) ?? 0) + e.dur / 1000 / TURNS);
    }
    return times;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function profileTable(precision: Precision, graph: DecodeGraph): Promise<TableSpec> {
  const profiles: Map<string, number>[] = [];
  for (const context of contexts) profiles.push(await decodeProfile(precision, graph, context));
  const last = profiles.at(-1)!;
  const ops = [...last.keys()].sort((a, b) => last.get(b)! - last.get(a)!).slice(0, 10);
  const sum = (times: Map<string, number>) => [...times.values()].reduce((a, b) => a + b, 0);
  const ms = (value: number | undefined) => (value ?? 0).toFixed(3);
  return {
    caption: `${precision}, ${graph} graph: ms a token in each operator`,
    columns: [{ title: "operator" }, ...contexts.map((c) => ({ title: `context ${c}` }))],
    rows: [
      ...ops.map((op) => [op, ...profiles.map((times) => ms(times.get(op)))]),
      ["all operators", ...profiles.map((times) => ms(sum(times)))],
    ],
  };
}

const graphs: DecodeGraph[] = hasBatchGraph(await resolveSpec(MODEL)) ? ["generate", "batch"] : ["generate"];
const tables: TableSpec[] = [];
for (const precision of precisions.length ? precisions : ["fp32", "int4"] as const) {
  for (const graph of graphs) {
    tables.push(await profileTable(precision, graph));
    console.log(tableText(tables.at(-1)!) + "\n");
  }
}
if (Deno.args.includes("--write")) {
  const { cpu, onnxruntime } = await captureEnvironment();
  const text = [
    "# Where a decode step's time goes",
    "",
    `${MODEL}, batch 1, ${TURNS} tokens after a prompt of random tokens; from onnxruntime's profile, whose events`,
    `cost time themselves. Made by \`deno task bench:profile --write\` on ${cpu}, onnxruntime ${onnxruntime}.`,
    "",
    ...tables.flatMap((table) => [tableMarkdown(table), ""]),
  ];
  await Deno.writeTextFile(join(projectRoot(), "data", "decode_profile.md"), text.join("\n"));
}
