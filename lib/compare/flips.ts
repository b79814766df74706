/** The items on which two models decide differently: what to look at behind a difference of accuracies. */
import { object, optional } from "../check/objects.ts";
import { suggestion } from "../check/nearest.ts";
import { checkArgument, checkOptions } from "../check/options.ts";
import { entries, word } from "../check/rules.ts";
import { argmax } from "../eval/choice_item.ts";
import { choiceScores, goldMargin } from "../eval/margins.ts";
import { findTask } from "../eval/registry.ts";
import { ITEMS, SCORED } from "../eval/result_field.ts";
import type { EvalItem, EvalResult, Row } from "../eval/types.ts";
import { itemValue } from "../eval/item_value.ts";
import { pairItems } from "./paired_difference.ts";

export interface Flip {
  row: number;
  subject?: string;
  /** `gained`: only the candidate is right; `lost`: only the baseline; `other`: both are wrong, in different ways. */
  kind: "gained" | "lost" | "other";
  /** Index of the right choice, and of each model's; null for an item without choices. */
  gold: number | null;
  choice: number | null;
  baselineChoice: number | null;
  /** The right choice's lead over the best other, in the metric's unit; of a generated task the share that passed. */
  margin: number;
  baselineMargin: number;
  /** The start of the question, where rows were given. */
  text?: string;
}

export interface FlipOptions {
  /** Default: the task's first metric. */
  metric?: string;
  /** Rows of the whole split, or those that were passed to the evaluation: their questions are shown. */
  rows?: Row[];
}

export const FLIP_OPTIONS = object<FlipOptions>({ metric: optional(word), rows: optional(entries()) });

const TEXT_LENGTH = 120;

/**
 * Items on which the candidate's choice is not the baseline's, largest change of the margin first.
 *
 * @throws {RangeError} If the results share no item, or the candidate lacks the metric.
 */
export function flips(
  candidate: Pick<EvalResult, "task" | "items" | "metrics">,
  baseline: Pick<EvalResult, "items">,
  options: FlipOptions = {},
): Flip[] {
  checkArgument("Cannot list flips", "candidate", candidate, SCORED);
  checkArgument("Cannot list flips", "baseline", baseline, ITEMS);
  checkOptions("Cannot list flips", options, FLIP_OPTIONS);
  const known = Object.keys(candidate.metrics), { metric = known[0] } = options;
  if (options.metric !== undefined && !known.includes(metric)) {
    throw new RangeError(`Cannot list flips: the candidate has no metric "${metric}"${suggestion(metric, known)}`);
  }
  const pairs = pairItems(candidate, baseline);
  if (!pairs.length) throw new RangeError("Cannot list flips: the two results share no item (subject and row)");
  const textOf = questions(candidate.task, candidate.items, options.rows);
  return pairs.flatMap(([a, b]): Flip[] => {
    const choice = chosen(a, metric), baselineChoice = chosen(b, metric);
    const right = itemValue(a, metric), baselineRight = itemValue(b, metric);
    if (right === null || baselineRight === null) return [];
    if (choice === baselineChoice && right === baselineRight) return [];
    const text = textOf(a);
    return [{
      row: a.row,
      ...(a.subject === undefined ? {} : { subject: a.subject }),
      kind: right > baselineRight ? "gained" : right < baselineRight ? "lost" : "other",
      gold: a.gold ?? null,
      choice,
      baselineChoice,
      margin: goldMargin(a, metric) ?? right,
      baselineMargin: goldMargin(b, metric) ?? baselineRight,
      ...(text === undefined ? {} : { text }),
    }];
  }).sort((x, y) => Math.abs(y.margin - y.baselineMargin) - Math.abs(x.margin - x.baselineMargin));
}

function chosen(item: EvalItem, metric: string): number | null {
  const scores = choiceScores(item, metric);
  return scores ? argmax(scores) : null;
}

/** The question of an item. Where items have subjects, they count in the rows that were passed or in their subject's. */
function questions(
  taskName: string,
  items: EvalItem[],
  rows: Row[] | undefined,
): (item: EvalItem) => string | undefined {
  if (!rows) return () => undefined;
  const task = findTask(taskName);
  const bySubject = Map.groupBy(rows, (row) => row.subject);
  const inOrder = items.every(({ row, subject }) => subject === undefined || rows[row]?.subject === subject);
  return ({ row: index, subject }) => {
    const row = inOrder ? rows[index] : bySubject.get(subject)?.[index];
    if (!row) return undefined;
    const text = task.kind === "choice" ? task.doc(row).query : task.kind === "text" ? task.text(row) : undefined;
    return text === undefined ? undefined : shortened(text);
  };
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > TEXT_LENGTH ? `${line.slice(0, TEXT_LENGTH - 1)}…` : line;
}
