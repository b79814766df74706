/** From rows to runs, and to the batches in which a model writes them: what is saved and what is resumed. */
import { FieldError } from "../fields.ts";
import { sha256 } from "../hashes.ts";
import { SANDBOX_VERSION } from "../sandbox/program.ts";
import type { SelectedRow } from "../select_rows.ts";
import type { GenerateTask, Problem } from "../task.ts";
import type { FailedRow } from "../types.ts";
import type { CheckedGenerate } from "./facts.ts";

/** A row that was read. */
export interface ReadProblem extends Problem {
  /** The row's index. */
  row: number;
}

/** One problem with one seed, all its samples together. */
export interface Run {
  problem: ReadProblem;
  /** As the user named it. */
  seed: number;
  /** The seed of its draws: of seed and prompt, so that no two problems share draws and no other problem has a say. */
  drawSeed: number;
  /** Equal keys: the very same programs and verdicts can be used again. */
  key: string;
}

/** Programs that a host gets at once: more fill its batches better, fewer are written again after a run was killed. */
const PROGRAMS_OF_A_BATCH = 64;

/**
 * Read all rows; those that are no problems of the task fail alone.
 *
 * @throws {TypeError} If no row can be read.
 */
export function readProblems(
  task: GenerateTask,
  rows: SelectedRow[],
): { problems: ReadProblem[]; failed: FailedRow[] } {
  const problems: ReadProblem[] = [], failed: FailedRow[] = [];
  for (const { row, index } of rows) {
    try {
      problems.push({ ...task.problem(row), row: index });
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      failed.push(failedRow(task, index, error.message));
    }
  }
  if (!problems.length) {
    throw new TypeError(
      `Cannot evaluate ${task.name}: none of ${rows.length} rows can be read; ${
        failed[0]?.reason ?? "there are none"
      }. ` +
        `A row has: ${task.fields.join(", ")}`,
    );
  }
  return { problems, failed };
}

export function failedRow(task: GenerateTask, row: number, why: string): FailedRow {
  return { row, reason: `${task.name} row ${row}: ${why}` };
}

/**
 * All runs, in the batches in which they are written: one seed after the other, problems in order.
 *
 * The draws of a run do not depend on the runs beside it, but the rounding of its logits does: kernels sum in another
 * order for another height. Of 48 programs of SmolLM2-135M (64 tokens, temperature 0.8), written 8 and 32 at once, that
 * was at most 5e-5 in ln p and no other token at fp32; at int4, with its 8-bit activations, all became other programs.
 * So a batch is always written as a whole, and the key of a run names those beside it: a resumed evaluation ends with
 * the same programs as one that was never interrupted, and a larger `limit` or more seeds use what full batches there
 * are.
 */
export function batchesOf(problems: ReadProblem[], options: CheckedGenerate): Run[][] {
  const size = Math.max(1, Math.floor(PROGRAMS_OF_A_BATCH / options.samples));
  return options.seeds.flatMap((seed) => {
    const batches: Run[][] = [];
    for (let at = 0; at < problems.length; at += size) {
      const batch = problems.slice(at, at + size);
      const together = sha256(JSON.stringify(batch.map((problem) => problem.prompt)));
      batches.push(batch.map((problem) => ({
        problem,
        seed,
        drawSeed: parseInt(sha256(`${seed} ${problem.prompt}`).slice(0, 8), 16),
        key: keyOf(problem, seed, together, options),
      })));
    }
    return batches;
  });
}

/** Of all that programs and verdicts depend on but the model: `k` and the number of sandbox workers are not among it. */
function keyOf(problem: Problem, seed: number, together: string, options: CheckedGenerate): string {
  const { samples, temperature, topP, maxNewTokens, stop } = options;
  const { workers: _, ...sandbox } = options.sandbox;
  const bounds = Object.entries(sandbox).filter(([, value]) => value !== undefined).sort();
  return sha256(JSON.stringify([
    problem.prompt,
    problem.program(""), // the tests
    together,
    ...[seed, samples, temperature, topP, maxNewTokens],
    stop,
    [SANDBOX_VERSION, ...bounds],
  ]));
}
