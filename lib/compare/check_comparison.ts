/** What of a comparison can be refused before a model is opened. */
import type { FoundModel } from "../arch/model_facts.ts";
import { suggestion } from "../check/nearest.ts";
import { checkGenerate } from "../eval/generated/options.ts";
import { readQuestions } from "../eval/questions.ts";
import { findTask } from "../eval/registry.ts";
import { selectRows } from "../eval/select_rows.ts";
import { refuseOtherKinds, type TaskOptions } from "../eval/task_options.ts";
import type { Row } from "../eval/types.ts";
import type { ThroughputSetting } from "../measure/setting.ts";
import { modelTokenizers } from "../measure/model_tokenizers.ts";
import { planTexts, type TextPlan } from "../measure/text_plan.ts";
import { type SourceText, textSample } from "../measure/text_sample.ts";
import { textTokens } from "../measure/text_tokens.ts";

/** What is measured of the models. */
interface Compared {
  throughput?: ThroughputSetting[];
  tasks?: Record<string, TaskOptions | Row[]>;
  texts?: (string | SourceText)[];
}

/**
 * Check models, settings, tasks and rows against one another.
 *
 * @returns What each model runs, and whether models with different tokenizers are compared.
 */
export async function checkComparison(
  models: Record<string, FoundModel>,
  baseline: string,
  { throughput = [], tasks = {}, texts }: Compared,
): Promise<TextPlan & { betweenTokenizers: boolean }> {
  const names = Object.keys(models);
  if (!names.length) throw new RangeError("Cannot compare: give at least one model, { name: reference }");
  if (!names.includes(baseline)) {
    throw new RangeError(
      `Cannot compare: baseline "${baseline}" is none of the models${suggestion(baseline, names)}`,
    );
  }
  if (!throughput.length && !Object.keys(tasks).length) {
    throw new RangeError("Cannot compare: give throughput settings, tasks, or both");
  }
  for (const [name, given] of Object.entries(tasks)) {
    const task = findTask(name);
    if (!Array.isArray(given)) refuseOtherKinds(task, given);
    if (task.kind === "generate") checkGenerate(task, Array.isArray(given) ? {} : given);
  }
  if (!throughput.length) return await planTasks(models, texts); // a task is the first work, and checks its rows itself
  const plan = await planTexts(models, throughput, texts);
  await checkRows(tasks);
  return { ...plan, betweenTokenizers: plan.text !== null };
}

/** Tasks alone need no text: where its tokens cannot be counted, fingerprints that differ are all that is known. */
async function planTasks(models: Record<string, FoundModel>, texts: Compared["texts"]) {
  const text = await textTokens(await modelTokenizers(models), () => textSample(texts)).catch(() => undefined);
  return { ...await planTexts({}, []), text: text ?? null, betweenTokenizers: text !== null };
}

/** The rows that tasks ask for, and their questions: what is wrong with them is said before rounds are measured. */
async function checkRows(tasks: Record<string, TaskOptions | Row[]>): Promise<void> {
  for (const [name, given] of Object.entries(tasks)) {
    const task = findTask(name), options = Array.isArray(given) ? {} : given;
    const { rows } = await selectRows(task, Array.isArray(given) ? given : undefined, options);
    if (task.kind === "generate") continue;
    await readQuestions(task, rows, options.shots ?? (task.kind === "choice" ? task.shots : 0));
  }
}
