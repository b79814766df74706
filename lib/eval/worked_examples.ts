/** The worked examples that stand before a question ("shots"). */
import { readSplit } from "../store/dataset.ts";
import { NotCachedError } from "../store/hub/cache.ts";
import { PythonRandom } from "./python_random.ts";
import type { ChoiceTask, ScoredTask } from "./task.ts";
import type { Row } from "./types.ts";

/** lm-eval's `fewshot_seed`. */
const SEED = 1234;

/** A row that is asked. */
export interface Asked {
  row: Row;
  /** Index in the full split: draws follow its order, whatever the order of the list. */
  index: number;
  subject?: string;
}

/**
 * The examples of each question, by the task's rule. Examples of a subject come from the same subject.
 *
 * @returns Parallel to `asked`; undefined where a question's subject has no rows to take examples from.
 * @throws {RangeError} For shots that are not an integer >= 0, or more than there are.
 * @throws {Error} If the rows to take examples from are not on this machine; nothing is fetched here.
 */
export async function workedExamples(task: ScoredTask, shots: number, asked: Asked[]): Promise<(Row[] | undefined)[]> {
  const cannot = `Cannot evaluate ${task.name}:`;
  if (!(Number.isInteger(shots) && shots >= 0)) {
    throw new RangeError(`${cannot} shots must be an integer >= 0, got ${shots}`);
  }
  if (shots === 0) return asked.map(() => []);
  if (task.kind !== "choice" || !task.fewShot) {
    throw new RangeError(`${cannot} it has no rows to take worked examples from; shots must be 0, got ${shots}`);
  }
  const examples = new Array<Row[] | undefined>(asked.length);
  const inOrder = [...asked.keys()].sort((a, b) => asked[a].index - asked[b].index);
  for (const [subject, questions] of Map.groupBy(inOrder, (i) => asked[i].subject)) {
    if (!hasExamples(task, subject)) continue;
    const { rows, what } = await pool(task, subject, shots);
    const { rule } = task.fewShot, needed = rule === "sample_others" ? shots + 1 : shots;
    if (!rows.length) throw new RangeError(`${cannot} shots must be 0, got ${shots}: ${what} are empty`);
    if (needed > rows.length) {
      throw new RangeError(`${cannot} shots must be at most ${rows.length - needed + shots}, ${what}, got ${shots}`);
    }
    const random = new PythonRandom(SEED); // lm-eval seeds it for each task, so for each subject
    for (const i of questions) {
      examples[i] = rule === "first_n"
        ? rows.slice(0, shots)
        : rule === "sample"
        ? random.sample(rows.length, shots).map((at) => rows[at])
        : sampleOthers(random, rows, asked[i].row, shots);
    }
  }
  return examples;
}

/** One more than asked, less the question itself where it was drawn. */
function sampleOthers(random: PythonRandom, rows: Row[], question: Row, shots: number): Row[] {
  const self = JSON.stringify(question);
  const isOther = (row: Row) => JSON.stringify(row) !== self;
  const drawn = random.sample(rows.length, shots + 1).map((at) => rows[at]).filter(isOther).slice(0, shots);
  if (drawn.length === shots) return drawn;
  const others = rows.filter(isOther); // the question is in the pool more than once
  return random.sample(others.length, shots).map((at) => others[at]);
}

/** A subject that the task does not know has no rows of its own; without subjects all questions share one pool. */
function hasExamples(task: ChoiceTask, subject: string | undefined): boolean {
  if (!task.subjects) return true;
  return subject !== undefined && Object.values(task.subjects.groups).some((members) => members.includes(subject));
}

async function pool(
  task: ChoiceTask,
  subject: string | undefined,
  shots: number,
): Promise<{ rows: Row[]; what: string }> {
  const fewShot = task.fewShot!;
  if ("rows" in fewShot) return { rows: fewShot.rows, what: "the task's own examples" };
  if (task.dataset === undefined) {
    throw new RangeError(
      `Cannot evaluate ${task.name}: shots must be 0, got ${shots}: it has no dataset to take examples from`,
    );
  }
  const { split } = fewShot, subjects = subject === undefined ? undefined : [subject];
  const what = `the ${split} rows of ${subject ?? task.dataset}`;
  try {
    return { rows: (await readSplit(task.dataset, { split, subjects, cachedOnly: true })).rows, what };
  } catch (error) {
    if (!(error instanceof NotCachedError)) throw error;
    throw new Error(
      `Cannot evaluate ${task.name}: shots must be 0, got ${shots}: ${what} are not on this machine. ` +
        `They come from ${error.source}; loadDataset("${task.dataset}", { split: "${split}" }) fetches them`,
      { cause: error },
    );
  }
}
