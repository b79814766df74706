/** How a generated task is sampled: a preset, what the user changed of it, and what that can show. */
import { suggestion } from "../../check/nearest.ts";
import { checkOptions } from "../../check/options.ts";
import { wantsMoreSamples } from "../../stats/pass_at_k.ts";
import type { GenerateTask } from "../task.ts";
import { TASK_OPTIONS, type TaskOptions } from "../task_options.ts";
import type { CheckedGenerate } from "./facts.ts";

/**
 * The settings that `options` ask for: those of the preset, and what is given beside it.
 *
 * @throws {RangeError} For an unknown preset or truncation, a value out of range, a k above the samples of a problem,
 * and for greedy runs that would only be copies.
 */
export function checkGenerate(task: GenerateTask, options: TaskOptions = {}): CheckedGenerate {
  const cannot = `Cannot evaluate ${task.name}`;
  checkOptions(cannot, options, TASK_OPTIONS);
  const name = options.preset ?? task.preset, truncation = options.truncation ?? task.truncation;
  const preset = named(task, "preset", task.presets, name);
  const checked = {
    preset: name,
    samples: options.samples ?? preset.samples,
    temperature: options.temperature ?? preset.temperature,
    topP: options.topP ?? preset.topP,
    maxNewTokens: options.maxNewTokens ?? preset.maxNewTokens,
    seeds: options.seeds ?? [0],
    truncation,
    stop: named(task, "truncation", task.truncations, truncation),
    sandbox: options.sandbox ?? {},
    level: options.level ?? 0.95,
  };
  const { samples, temperature, seeds } = checked;
  if (options.shots) {
    throw new RangeError(
      `${cannot}: shots must be 0 (its prompts have no worked examples), got ${options.shots}`,
    );
  }
  const programs = samples * seeds.length;
  if (temperature === 0 && programs > 1) {
    throw new RangeError(
      `${cannot}: at temperature 0 the ${programs} programs of a problem (samples ${samples}, ` +
        `seeds ${seeds.length}) would be copies; pass a temperature, e.g. 0.2, or samples: 1 and one seed`,
    );
  }
  const { k, notes } = checkedK(task, options.k, preset.k, programs);
  return { ...checked, k, notes };
}

/**
 * The k that can be estimated from `programs` of each problem. One that was asked for must be; of a preset's, those that
 * cannot are left out with a note.
 */
function checkedK(task: GenerateTask, asked: number[] | undefined, preset: number[], programs: number) {
  const all = asked ?? preset;
  const k = all.filter((k) => k <= programs), beyond = all.filter((k) => k > programs);
  if (asked && beyond.length || !k.length) {
    throw new RangeError(
      `Cannot evaluate ${task.name}: pass@${beyond[0]} needs at least ${beyond[0]} programs a problem, and there are ` +
        `${programs} (samples x seeds); raise samples, or ask for a smaller k`,
    );
  }
  const notes = [
    ...beyond.map((k) => `pass@${k} is left out: it needs ${k} programs a problem, and there are ${programs}`),
    ...k.filter((k) => wantsMoreSamples(programs, k)).map((k) =>
      `pass@${k} comes from ${programs} programs a problem, fewer than 2k = ${
        2 * k
      }: it is unbiased, but each problem's ` +
      "value is coarse"
    ),
  ];
  return { k, notes };
}

function named<T>(task: GenerateTask, what: string, known: Record<string, T>, name: string): T {
  if (Object.hasOwn(known, name)) return known[name];
  throw new RangeError(
    `Unknown ${what} ${JSON.stringify(name)} of ${task.name}${suggestion(name, Object.keys(known))}`,
  );
}
