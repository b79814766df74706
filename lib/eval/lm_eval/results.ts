/** Aggregated results as lm-eval writes them, `results_*.json`. */
import { lmEvalGroupStderr, lmEvalStderr } from "../../stats/lm_eval_stderr.ts";
import type { EvalItem, EvalResult } from "../types.ts";
import { TARGET_DELIMITER } from "../prompt.ts";
import type { Task } from "../task.ts";
import { aggregationOf, filterOf, generationKwargs, leafName, leafVersion, lmEvalMetrics } from "./forms.ts";
import { itemValue } from "../item_value.ts";

/** One task of lm-eval's: a whole task of ours, or one of its subjects. */
export interface Leaf {
  name: string;
  subject?: string;
  items: EvalItem[];
  /** Rows of the whole split. */
  total: number;
  /** lm-eval's hash over all documents, prompts and targets. */
  hash: string;
}

/** A result with its task and its leaves. */
export interface WrittenTask {
  task: Task;
  result: EvalResult;
  leaves: Leaf[];
}

type Metrics = Record<string, unknown>;

/** Everything that lm-eval's file has; what does not apply here is null. */
export function resultsFile(tasks: WrittenTask[], modelName: string, sanitized: string): Record<string, unknown> {
  const { environment } = tasks[0].result, { model } = environment;
  const results: Record<string, Metrics> = {}, groups: Record<string, Metrics> = {};
  const subtasks: Record<string, string[]> = {}, versions: Record<string, unknown> = {};
  const shots: Record<string, number> = {}, higher: Record<string, Record<string, boolean>> = {};
  for (const entry of tasks) {
    const { task, result, leaves } = entry;
    const describe = (name: string) => {
      shots[name] = result.shots;
      higher[name] = Object.fromEntries(lmEvalMetrics(metricsOf(entry)).map((m) => [m, result.higherIsBetter[m]]));
    };
    for (const leaf of leaves) {
      results[leaf.name] = leafMetrics(entry, leaf);
      versions[leaf.name] = numeric(leafVersion(task, leaf.subject));
      describe(leaf.name);
    }
    for (const group of groupsOf(entry)) {
      results[group.name] = groups[group.name] = groupMetrics(entry, group, results);
      versions[group.name] = task.version;
      subtasks[group.name] = group.children;
      describe(group.name);
    }
  }
  const leaves = tasks.flatMap((t) => t.leaves);
  return {
    results,
    ...(Object.keys(groups).length ? { groups } : {}),
    group_subtasks: subtasks,
    configs: Object.fromEntries(tasks.flatMap((t) => t.leaves.map((leaf) => [leaf.name, configOf(t, leaf)]))),
    versions,
    "n-shot": shots,
    higher_is_better: higher,
    "n-samples": Object.fromEntries(leaves.map((l) => [l.name, { original: l.total, effective: l.items.length }])),
    config: {
      model: "archbench",
      model_args: { pretrained: modelName, precision: model.precision, provider: model.provider },
      model_num_parameters: model.parameters,
      model_dtype: model.precisionLabel,
      model_revision: null,
      model_sha: null,
      batch_size: null,
      batch_sizes: [],
      device: model.provider,
      use_cache: null,
      limit: null,
      bootstrap_iters: 0,
      gen_kwargs: null,
      random_seed: 0,
      numpy_seed: 1234,
      torch_seed: 1234,
      fewshot_seed: 1234,
    },
    git_hash: null,
    date: Date.parse(environment.startedAt) / 1000,
    pretty_env_info: Object.entries({ ...environment.versions, os: environment.os, arch: environment.arch })
      .map(([name, value]) => `${name}: ${value}`).join("\n"),
    transformers_version: null,
    lm_eval_version: null,
    upper_git_hash: null,
    eot_token_id: null,
    max_length: model.contextLength,
    task_hashes: Object.fromEntries(leaves.map((leaf) => [leaf.name, leaf.hash])),
    model_source: "archbench",
    model_name: modelName,
    model_name_sanitized: sanitized,
    system_instruction: null,
    system_instruction_sha: null,
    fewshot_as_multiturn: null,
    chat_template: null,
    chat_template_sha: null,
    total_evaluation_time_seconds: String(tasks.reduce((sum, t) => sum + t.result.environment.seconds, 0)),
  };
}

function metricsOf({ result }: WrittenTask): string[] {
  return Object.keys(result.metrics);
}

function leafMetrics(entry: WrittenTask, { name, subject, items }: Leaf): Metrics {
  const { task, result } = entry, filter = filterOf(task);
  const estimates = subject === undefined ? result.metrics : result.groups[subject].metrics;
  const metrics: Metrics = { name, alias: subject ?? name, sample_len: items.length };
  for (const metric of lmEvalMetrics(metricsOf(entry))) {
    metrics[`${metric},${filter}`] = estimates[metric].point;
    metrics[`${metric}_stderr,${filter}`] = stderrOf(metric, items, estimates[metric].stderr);
  }
  return metrics;
}

/** lm-eval's: of a mean over its items, of a perplexity as known; it has none of a single item. */
function stderrOf(metric: string, items: EvalItem[], known: number | undefined): number | "N/A" {
  const aggregation = aggregationOf(metric);
  if (items.length < 2 || (aggregation !== "mean" && aggregation !== "perplexity")) return "N/A";
  const values = items.map((item) => itemValue(item, metric));
  return values.every((v) => v !== null) ? lmEvalStderr(values) : known ?? "N/A";
}

interface Group {
  name: string;
  alias: string;
  children: string[];
  leaves: Leaf[];
}

/** The groups of a task with subjects, from the inside to the whole: "mmlu_stem", then "mmlu". */
function groupsOf({ task, leaves }: WrittenTask): Group[] {
  if (task.kind !== "choice" || !task.subjects) return [];
  const inner = Object.entries(task.subjects.groups).flatMap(([alias, subjects]): Group[] => {
    const members = leaves.filter((leaf) => leaf.subject !== undefined && subjects.includes(leaf.subject));
    const name = leafName(task.name, alias);
    return members.length ? [{ name, alias, children: members.map((leaf) => leaf.name), leaves: members }] : [];
  });
  const named = leaves.filter((leaf) => leaf.subject !== undefined);
  if (!named.length) return [];
  return [...inner, { name: task.name, alias: task.name, children: inner.map((group) => group.name), leaves: named }];
}

/** Means weighted by items, pooled standard errors; "N/A" as soon as one task has none. */
function groupMetrics(entry: WrittenTask, group: Group, results: Record<string, Metrics>): Metrics {
  const filter = filterOf(entry.task), { leaves } = group;
  const n = leaves.reduce((sum, leaf) => sum + leaf.items.length, 0);
  const metrics: Metrics = { alias: group.alias, name: group.name, sample_len: n };
  const counts: Record<string, number> = {};
  for (const metric of lmEvalMetrics(metricsOf(entry))) {
    const key = `${metric},${filter}`, stderrKey = `${metric}_stderr,${filter}`;
    const weighted = leaves.map((leaf) => leaf.items.length * (results[leaf.name][key] as number));
    metrics[key] = weighted.reduce((a, b) => a + b, 0) / n;
    const parts = leaves.map((leaf) => ({
      n: leaf.items.length,
      stderr: results[leaf.name][stderrKey] as number | "N/A",
    }));
    const known = parts.filter((part): part is { n: number; stderr: number } => part.stderr !== "N/A");
    metrics[stderrKey] = known.length === parts.length ? lmEvalGroupStderr(known) : "N/A";
    counts[key] = n;
  }
  return { ...metrics, sample_count: counts };
}

/** What lm-eval calls a task's config, as far as it has a meaning here. */
function configOf(entry: WrittenTask, { name, subject }: Leaf): Record<string, unknown> {
  const { task, result } = entry;
  const outputType = { choice: "multiple_choice", completion: "loglikelihood", text: "loglikelihood_rolling" };
  return {
    task: name,
    ...(subject === undefined ? {} : { task_alias: subject }),
    dataset_path: task.dataset ?? result.data,
    ...(subject === undefined ? {} : { dataset_name: subject }),
    [task.split === "test" ? "test_split" : "validation_split"]: task.split,
    unsafe_code: task.kind === "generate",
    target_delimiter: task.kind === "choice" ? task.targetDelimiter ?? TARGET_DELIMITER : TARGET_DELIMITER,
    fewshot_delimiter: "\n\n",
    num_fewshot: result.shots,
    metric_list: lmEvalMetrics(metricsOf(entry)).map((metric) => ({
      metric,
      aggregation: aggregationOf(metric),
      higher_is_better: result.higherIsBetter[metric],
    })),
    output_type: task.kind === "generate" ? "generate_until" : outputType[task.kind],
    ...(result.generated ? { generation_kwargs: generationKwargs(result.generated.settings) } : {}),
    repeats: result.items[0]?.samples?.length ?? 1,
    should_decontaminate: false,
    metadata: { version: numeric(leafVersion(task, subject)) },
  };
}

/** lm-eval's task versions are numbers, its groups' are text. */
function numeric(version: string): number | string {
  return /^\d+(\.\d+)?$/.test(version) ? Number(version) : version;
}
