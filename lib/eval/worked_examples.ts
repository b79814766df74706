/** The worked examples that stand before a question ("shots"). */
import { readSplit } from "../store/dataset.ts";
import type { Task } from "./task.ts";
import type { Row } from "./types.ts";

/**
 * The first `shots` rows of the task's few-shot split, for each subject.
 *
 * @param subjects Subjects that are asked; examples of one come from the same subject.
 * @throws {RangeError} For shots that are not an integer >= 0, or more than there are.
 */
export async function workedExamples(task: Task, shots: number, subjects: string[]): Promise<Map<string, Row[]>> {
  const cannot = `Cannot evaluate ${task.name}:`;
  if (!(Number.isInteger(shots) && shots >= 0)) {
    throw new RangeError(`${cannot} shots must be an integer >= 0, got ${shots}`);
  }
  if (shots === 0) return new Map();
  const fewShot = task.kind === "choice" ? task.fewShot : undefined;
  if (!fewShot) {
    throw new RangeError(`${cannot} it has no rows to take worked examples from; shots must be 0, got ${shots}`);
  }
  const examples = new Map<string, Row[]>();
  for (const subject of subjects) {
    const { rows } = await readSplit(task.dataset, { split: fewShot.split, subjects: [subject] });
    if (shots > rows.length) {
      throw new RangeError(
        `${cannot} shots must be at most ${rows.length}, the ${fewShot.split} rows of ${subject}, got ${shots}`,
      );
    }
    examples.set(subject, rows.slice(0, shots));
  }
  return examples;
}
