/**
 * The library against its peers, interleaved on the same weights: `deno task bench:peers [work ...] [--option value]`.
 * Installs them into `.cache/peers` first. Works: decode-fp32, decode-int4, decode-stored, prefill, mmlu, hellaswag,
 * humaneval, context, train. Samples are kept in results/ as they come, tables in data/peers.json and data/peers.md.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { captureEnvironment } from "../../lib/measure/environment.ts";
import { projectRoot, resultsFile } from "../../lib/store/paths.ts";
import { type Arguments, parseArguments } from "./peers/arguments.ts";
import { THREADS } from "./peers/environment.ts";
import { goalText, peersPage } from "./peers/report.ts";
import { resultOf, type WorkResult } from "./peers/result.ts";
import { runRounds } from "./peers/rounds.ts";
import type { Work } from "./peers/work.ts";
import { context } from "./peers/works/context.ts";
import { decodeWorks } from "./peers/works/decode.ts";
import { humaneval } from "./peers/works/humaneval.ts";
import { prefill } from "./peers/works/prefill.ts";
import { scoringWorks } from "./peers/works/scoring.ts";
import { train } from "./peers/works/train.ts";

const works: Work[] = [
  ...decodeWorks,
  prefill,
  ...scoringWorks,
  humaneval,
  context,
  train,
];
const names = works.map((work) => work.name);

async function doWork(work: Work, options: Arguments): Promise<WorkResult> {
  const plan = await work.plan(options);
  console.error(`${work.name}: ${work.title}, ${plan.rounds} rounds`);
  const startedAt = new Date();
  const log = resultsFile(
    join(
      "peers",
      `${startedAt.toISOString().replaceAll(":", "-")}-${work.name}.jsonl`,
    ),
  );
  mkdirSync(dirname(log), { recursive: true });
  const outcome = await runRounds(plan.contestants, {
    rounds: plan.rounds,
    blocks: plan.blocks,
    seed: options.seed,
    lock: options.lock,
    onSample: (sample) => appendFileSync(log, JSON.stringify(sample) + "\n"),
  });
  return resultOf(work, plan, outcome, await captureEnvironment(), startedAt);
}

/** Replace this work's result in peers.json, and write the page anew. */
async function keep(result: WorkResult, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const file = join(out, "peers.json");
  const before = JSON.parse(
    await readFile(file, "utf8").catch(() => "[]"),
  ) as WorkResult[];
  const all = [...before.filter((r) => r.name !== result.name), result];
  const ordered = names.flatMap((name) => all.filter((r) => r.name === name));
  const page = join(out, "peers.md");
  await writeFile(file, JSON.stringify(ordered, null, 1));
  await writeFile(page, peersPage(ordered, names, THREADS));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file, page] }).output(); // as the project has it
}

function show(result: WorkResult): void {
  for (const { name, median } of result.speeds) {
    console.log(
      `${result.name}: ${name} ${median.toPrecision(4)} ${result.unit}`,
    );
  }
  for (const ratio of result.ratios) {
    const { ours, against, point, low, high, goal } = ratio;
    const interval = low === null || high === null ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
    const wanted = goal === null ? "" : `, goal ${goalText(ratio)}: ${goal}`;
    console.log(`${result.name}: ${ours} / ${against} = ${point.toFixed(2)}${interval}${wanted}`);
  }
  for (const { what, ok, detail } of result.checks) {
    console.log(
      `${result.name}: ${ok ? "agrees" : "DIFFERS"}: ${what}: ${detail}`,
    );
  }
  for (const fact of result.facts) console.log(`${result.name}: ${fact}`);
  for (const { name, reason } of result.missing) {
    console.log(`${result.name}: ${name}: not available: ${reason}`);
  }
}

let options: Arguments;
try {
  options = parseArguments(Deno.args, names, join(projectRoot(), "data"));
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(2);
}
let failed = false;
for (const work of works.filter((w) => options.works.includes(w.name))) {
  try {
    const result = await doWork(work, options);
    show(result);
    await keep(result, options.out);
  } catch (error) {
    failed = true;
    console.error(
      `${work.name}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
Deno.exit(failed ? 1 : 0);
