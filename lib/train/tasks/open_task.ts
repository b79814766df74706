/** From a task's name and sizes to its sequences. */
import type { ArchSpec } from "../../arch/spec.ts";
import { mqar } from "./mqar.ts";
import { selectiveCopy } from "./selective_copy.ts";
import type { TaskSpec, TrainingTask } from "./task.ts";
import { pythonLibrary, textTask } from "./text.ts";

/** @throws {RangeError} If the kind is unknown or a size does not fit. */
export async function openTask(task: TaskSpec): Promise<TrainingTask> {
  switch (task?.kind) {
    case "mqar":
      return mqar(task);
    case "selective_copy":
      return selectiveCopy(task);
    case "text":
      return textTask(task, await pythonLibrary());
    default:
      throw new RangeError(
        `Unknown task ${JSON.stringify((task as { kind?: unknown })?.kind)}; there are: mqar, selective_copy, text`,
      );
  }
}

/** @throws {RangeError} If the task has ids that the architecture has not, or sequences longer than its context. */
export function checkFits(spec: ArchSpec, task: TrainingTask): void {
  if (task.vocabSize > spec.vocabSize) {
    throw new RangeError(
      `Cannot train "${spec.name}": ${task.name} has ids up to ${task.vocabSize - 1}, its vocabSize is ` +
        `${spec.vocabSize}; set vocabSize to at least ${task.vocabSize}`,
    );
  }
  if (task.tokens > spec.contextLength) {
    throw new RangeError(
      `Cannot train "${spec.name}": ${task.name} has sequences of ${task.tokens} tokens, its contextLength is ` +
        `${spec.contextLength}`,
    );
  }
}
