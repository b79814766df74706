/**
 * The library against its peers, interleaved on the same weights: `deno task bench:peers [model] [work ...]
 * [--option value]`. Models: smollm2 (the default), gemma. Works: decode-fp32, decode-int4, decode-stored, prefill,
 * mmlu, hellaswag, humaneval, context, train. The peers are installed into `.cache/peers` first. Samples are kept in
 * results/ block by block, and the same command goes on where it was stopped; tables go to data/peers.json and peers.md.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { captureEnvironment } from "../../lib/measure/environment.ts";
import { projectRoot, resultsFile } from "../../lib/store/paths.ts";
import { type Arguments, parseArguments } from "./peers/arguments.ts";
import { THREADS } from "./peers/environment.ts";
import { Journal } from "./peers/journal.ts";
import { MODELS } from "./peers/models.ts";
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

const works: Work[] = [...decodeWorks, prefill, ...scoringWorks, humaneval, context, train];

async function doWork(work: Work, options: Arguments, journals: Journal[]): Promise<WorkResult> {
  const { model, lock, works: _, out: __, ...settings } = options;
  const plan = await work.plan(options), environment = await captureEnvironment();
  const names = plan.contestants.map(({ name }) => name), { rounds, blocks } = plan;
  const journal = Journal.open(
    resultsFile(join("peers", `${model.ref}-${work.name}.jsonl`)),
    { model: model.ref, work: work.name, ...settings, rounds, blocks, names, commit: environment.commit },
  );
  journals.push(journal);
  const { done } = journal;
  const from = done.length ? `; goes on behind block ${done.length} (${journal.path}; without it, from the start)` : "";
  console.error(`${work.name}: ${work.title(model)}, ${rounds} rounds in ${Math.min(blocks, rounds)} blocks${from}`);
  const onBlock = journal.add.bind(journal);
  const outcome = await runRounds(plan.contestants, { rounds, blocks, seed: options.seed, lock, done, onBlock });
  return resultOf(work, model, plan, outcome, environment, journal.startedAt);
}

async function readResults(out: string): Promise<WorkResult[]> {
  return JSON.parse(await readFile(join(out, "peers.json"), "utf8").catch(() => "[]"));
}

/** Replace this work's result in peers.json, and write the page anew. */
async function keep(result: WorkResult, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const others = (await readResults(out)).filter((r) => r.model !== result.model || r.name !== result.name);
  const all = [...others, result];
  const ordered = MODELS.flatMap(({ ref, works }) =>
    works.flatMap((name) => all.filter((r) => r.model === ref && r.name === name))
  );
  const file = join(out, "peers.json"), page = join(out, "peers.md");
  await writeFile(file, JSON.stringify(ordered, null, 1));
  await writeFile(page, peersPage(ordered, MODELS, THREADS));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file, page] }).output(); // as the project has it
}

function show(result: WorkResult): void {
  for (const { name, median } of result.speeds) {
    const mb = result.peakMemoryMb[name];
    const peak = mb === undefined ? "" : `, peak memory ${mb} MB`;
    console.log(`${result.name}: ${name} ${median.toPrecision(4)} ${result.unit}${peak}`);
  }
  for (const ratio of result.ratios) {
    const { ours, against, point, low, high, goal } = ratio;
    const interval = low === null || high === null ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
    const wanted = goal === null ? "" : `, goal ${goalText(ratio)}: ${goal}`;
    console.log(`${result.name}: ${ours} / ${against} = ${point.toFixed(2)}${interval}${wanted}`);
  }
  for (const { what, ok, detail } of result.checks) {
    console.log(`${result.name}: ${ok ? "agrees" : "DIFFERS"}: ${what}: ${detail}`);
  }
  for (const fact of result.facts) console.log(`${result.name}: ${fact}`);
  for (const { name, reason } of result.missing) console.log(`${result.name}: ${name}: not available: ${reason}`);
}

/** What the last run of these works took; nothing for those that never ran. */
async function lastMinutes({ model, works, out }: Arguments): Promise<string> {
  const before = (await readResults(out)).filter((r) => r.model === model.ref && works.includes(r.name));
  const minutes = before.reduce((sum, r) => sum + r.minutes, 0).toFixed(0);
  const all = before.length === works.length ? "" : ` (${before.length} of its ${works.length} works)`;
  return before.length ? `; the last run${all} measured for ${minutes} minutes` : "";
}

let options: Arguments;
try {
  options = parseArguments(Deno.args, join(projectRoot(), "data"));
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(2);
}
const startedAt = Date.now(), journals: Journal[] = [];
console.error(`${options.model.title}: ${options.works.join(", ")}${await lastMinutes(options)}`);
let failed = false;
for (const work of works.filter((w) => options.works.includes(w.name))) {
  try {
    const result = await doWork(work, options, journals);
    show(result);
    await keep(result, options.out);
  } catch (error) {
    failed = true;
    console.error(`${work.name}: ${error instanceof Error ? error.message : error}`);
  }
}
if (!failed) { for (const journal of journals) journal.close(); }
console.error(
  `${failed ? "Not all is done" : "Done"}, after ${((Date.now() - startedAt) / 60_000).toFixed(1)} minutes`,
);
Deno.exit(failed ? 1 : 0);
