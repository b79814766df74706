/**
 * Scoring on the real model at fp32, interleaved: `deno task bench:scoring`.
 *
 * - `modes [rows] [first] [mmlu rows] [modes...]`: do the modes agree? HellaSwag rows (from `first` on; without one, the
 *   golden rows and then 500 more) and MMLU with 5 shots: largest difference, differing verdicts, times against strict.
 * - `budgets [rows] [mmlu rows] [rounds] [budgets...]`: time at each token budget.
 * - `splits [rows] [mmlu rows] [rounds]`: one process with all cores against one a core; are the numbers equal?
 */
import { type EvaluateOptions, QualityBenchmark } from "../../lib/eval/quality_benchmark.ts";
import { splitsOf } from "../../lib/eval/host_pool.ts";
import type { EvalItem, EvalResult } from "../../lib/eval/types.ts";
import type { RowSelection } from "../../lib/eval/task_options.ts";
import { startHost } from "../../lib/model/host.ts";
import { physicalCores } from "../../lib/model/physical_cores.ts";
import { SCORE_MODES, type ScoreMode } from "../../lib/model/score_options.ts";
import { median } from "../../lib/stats/summary.ts";
import goldenRows from "../golden/eval_rows.json" with { type: "json" };

const ref = { ref: "smollm2-135m", precision: "fp32" as const };
const SUBJECTS = ["abstract_algebra", "anatomy", "computer_security"];
const quality = new QualityBenchmark(ref);

type Job = { name: string; task: string; options: EvaluateOptions };
type Run = (options: EvaluateOptions) => Promise<EvalResult>;

/** HellaSwag rows, and as many rows of each subject with 5 shots. */
function jobs(hellaswag: RowSelection, mmlu: number): Job[] {
  const rows = Object.fromEntries(SUBJECTS.map((s) => [s, Array.from({ length: mmlu }, (_, i) => i)]));
  return [
    { name: "hellaswag", task: "hellaswag", options: { rows: hellaswag } },
    { name: "mmlu 5-shot", task: "mmlu", options: { rows, shots: 5 } },
  ].filter(({ options }) => Array.isArray(options.rows) ? options.rows.length : mmlu);
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** Largest difference of a log-likelihood, and how many rows have another verdict. */
function compare(a: EvalItem[], b: EvalItem[]) {
  const differences = a.flatMap((x, i) => x.logLikelihoods!.map((v, k) => Math.abs(v - b[i].logLikelihoods![k])));
  const differ = (of: (item: EvalItem) => unknown) => a.filter((x, i) => of(x) !== of(b[i])).length;
  const unequal = differences.filter((d) => d > 0).length;
  return (
    `largest difference ${Math.max(...differences).toExponential(1)} of ${differences.length} log-likelihoods ` +
    `(${unequal} not bit-equal), other verdicts: acc ${differ((x) => x.correct)}, acc_norm ${
      differ((x) => x.correctNorm)
    } of ${a.length} rows`
  );
}

async function withHost(use: (evaluate: (job: Job, options: EvaluateOptions) => ReturnType<Run>) => Promise<void>) {
  const host = await startHost(ref, { graphs: ["score"] });
  try {
    await use((job, options) =>
      quality.evaluateTask(job.task, undefined, { ...job.options, ...options, host, store: null })
    );
  } finally {
    await host.close();
  }
}

async function modes([rows = 600, first = -1, mmlu = 5]: number[], names: ScoreMode[]): Promise<void> {
  const golden = goldenRows.hellaswag, others = range(0, 2000).filter((row) => !golden.includes(row));
  const selected = first < 0
    ? [...golden, ...others].slice(0, rows)
    : [...golden, ...others].slice(first, first + rows);
  await withHost(async (evaluate) => {
    for (const job of jobs(selected, mmlu)) {
      const results: Record<string, EvalResult> = {};
      for (const mode of names) results[mode] = await evaluate(job, { scoring: { mode } });
      const base = names.at(-1)!, { items, environment } = results[base];
      for (const mode of names) {
        const { items: got, environment: { seconds } } = results[mode];
        const speed = `${(environment.seconds / seconds).toFixed(2)} x the speed of ${base}`;
        console.log(`${job.name}, ${mode}: ${seconds.toFixed(1)} s, ${speed}; ${compare(got, items)}`);
      }
    }
  });
}

async function budgets([rows = 24, mmlu = 6, rounds = 3, ...list]: number[]): Promise<void> {
  const all = list.length ? list : [128, 256, 384, 512, 768, 1024];
  await withHost(async (evaluate) => {
    for (const job of jobs(range(100, rows), mmlu)) {
      await evaluate(job, {});
      const seconds = all.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, tokenBudget] of all.entries()) {
          seconds[i].push((await evaluate(job, { scoring: { tokenBudget } })).environment.seconds);
        }
      }
      const best = Math.min(...seconds.map(median));
      all.forEach((budget, i) => {
        const ratio = (median(seconds[i]) / best).toFixed(3);
        console.log(
          `${job.name}, budget ${budget}: ${ratio} of the best time [${seconds[i].map((s) => s.toFixed(2))}] s`,
        );
      });
    }
  });
}

async function splits([rows = 60, mmlu = 10, rounds = 2]: number[]): Promise<void> {
  for (const job of jobs(range(100, rows), mmlu)) {
    const all = splitsOf(physicalCores());
    const results: EvalResult[][] = all.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, { hosts, threads }] of all.entries()) {
        const benchmark = new QualityBenchmark(ref, { threads });
        results[i].push(await benchmark.evaluateTask(job.task, undefined, { ...job.options, hosts, store: null }));
      }
    }
    all.forEach(({ hosts, threads }, i) => {
      const seconds = results[i].map((r) => r.environment.seconds), base = results[0].map((r) => r.environment.seconds);
      const ratio = median(base.map((s, round) => s / seconds[round])).toFixed(3);
      const equal = compare(results[i][0].items, results[0][0].items);
      console.log(
        `${job.name}, ${hosts} x ${threads}: ${seconds.map((s) => s.toFixed(1))} s, ${ratio} x the speed; ${equal}`,
      );
    });
  }
}

const [what = "modes", ...args] = Deno.args;
const numbers = args.map(Number).filter((n) => !Number.isNaN(n));
const named = SCORE_MODES.filter((mode) => args.includes(mode));
if (what === "modes") await modes(numbers, named.length ? named : [...SCORE_MODES]);
else if (what === "budgets") await budgets(numbers);
else if (what === "splits") await splits(numbers);
else throw new RangeError(`Unknown part "${what}"; there are: modes, budgets, splits`);
