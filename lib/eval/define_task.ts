/** A task of the user's own, also from a notebook's cell: template, choices, metrics, and it can be evaluated by name. */
import { answerField, FieldError, textListField } from "./fields.ts";
import { sha256 } from "./hashes.ts";
import { TARGET_DELIMITER } from "./prompt.ts";
import { registerTask } from "./registry.ts";
import type { ChoiceMetric, ChoiceTask, CompletionMetric, CompletionTask, FewShot, TextTask } from "./task.ts";
import { fieldAt, fill, templateFields } from "./template.ts";
import type { Row } from "./types.ts";

/** Text with `{{field}}` in it, or a function of the row. */
export type Template = string | ((row: Row) => string);

interface DefinitionBase {
  name: string;
  /** One line for tables. */
  about?: string;
  /** Default: a hash of the definition, so that results of two definitions are never taken for the same. */
  version?: string;
  /** Rows when none are passed: a name that `loadDataset` knows, a path or `hf:owner/name`. */
  dataset?: string;
  /** Default: "test". */
  split?: string;
  /** Rows with the same value of this field are not independent. */
  cluster?: string;
  /** Take the place of another definition of this name. The same definition may be made again without it. */
  replace?: boolean;
}

/** A question with choices. */
export interface ChoiceDefinition extends DefinitionBase {
  prompt: Template;
  /** A field with a list of texts, a template for each choice, or a function of the row. */
  choices: string | string[] | ((row: Row) => string[]);
  /** Field of the right choice (its index, letter or text), its index in every row, or a function. Default: `answer`. */
  answer?: string | number | ((row: Row) => number | string);
  /** Default: `["acc"]`. */
  metrics?: ChoiceMetric[];
  /** Text before everything else. */
  description?: string;
  /** Where worked examples come from. */
  fewShot?: FewShot;
  /** Worked examples when none are asked for. Default 0. */
  shots?: number;
  /** What stands between a question and its answer, lm-eval's `target_delimiter`: also "" or "\n". Default: one space. */
  targetDelimiter?: string;
}

/** A prompt with the one continuation that is right. */
export interface CompletionDefinition extends DefinitionBase {
  prompt: Template;
  /** What is scored after the prompt. */
  continuation: Template;
  /** What stands between them. Default: a space, unless the continuation starts with white space. */
  targetDelimiter?: string;
  /** Default: `["acc", "perplexity"]`. */
  metrics?: CompletionMetric[];
}

/** Whole documents: bits per byte. */
export interface TextDefinition extends DefinitionBase {
  text: Template;
}

export type TaskDefinition = ChoiceDefinition | CompletionDefinition | TextDefinition;

const METRICS = { choice: ["acc", "acc_norm", "acc_bytes"], completion: ["acc", "perplexity"] };

/**
 * Define a task; from then on `evaluateTask(name, rows)` evaluates it and `taskTable()` shows it.
 *
 * @throws {TypeError} For a definition that lacks something, has something unknown, or is of several kinds.
 * @throws {RangeError} For a value that cannot be, or a name that is taken by another definition.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { defineTask } from "./define_task.ts";
 * import { findTask } from "./registry.ts";
 *
 * defineTask({ name: "capitals", prompt: "The capital of {{country}} is", choices: "cities", metrics: ["acc"] });
 * assert.equal(findTask("capitals").kind, "choice");
 * // await quality.evaluateTask("capitals", [{ country: "France", cities: ["Rome", "Paris"], answer: 1 }])
 * ```
 */
export function defineTask(definition: TaskDefinition): void {
  const { replace = false, ...rest } = definition;
  const task = taskOf(rest as TaskDefinition);
  const text = definitionText(rest);
  registerTask(task, replace || DEFINED.get(task.name) === text);
  DEFINED.set(task.name, text);
}

/** What each name was defined as: running a cell again is no conflict. */
const DEFINED = new Map<string, string>();

function definitionText(definition: object): string {
  return JSON.stringify(definition, (_, value) => typeof value === "function" ? String(value) : value);
}

function taskOf(definition: TaskDefinition): ChoiceTask | CompletionTask | TextTask {
  requireName(definition?.name);
  const { name, about = "", dataset, split = "test", cluster } = definition;
  const kinds = ["choices", "continuation", "text"].filter((key) => key in definition);
  if (kinds.length !== 1) {
    const got = kinds.length ? kinds.join(" and ") : "none";
    throw wrong(name, `it must have one of choices, continuation, text; got ${got}`);
  }
  const fields = new Set<string>();
  const base = {
    name,
    about,
    version: definition.version ?? sha256(definitionText(definition)).slice(0, 12),
    ...(dataset === undefined ? {} : { dataset }),
    split,
  };
  const clusterOf = (row: Row) => {
    const value = cluster === undefined ? undefined : fieldAt(row, cluster);
    return value === undefined ? undefined : String(value);
  };
  if ("text" in definition) {
    requireKeys(definition, ["text"]);
    const text = template(name, "text", definition.text, fields);
    const nonEmpty = (row: Row) => {
      const value = text(row);
      if (value === "") throw new FieldError("its text is empty");
      return value;
    };
    return {
      ...base,
      kind: "text",
      fields: [...fields],
      metrics: ["bits_per_byte"],
      text: nonEmpty,
      cluster: clusterOf,
    };
  }
  const prompt = template(name, "prompt", definition.prompt, fields);
  if ("continuation" in definition) {
    requireKeys(definition, ["prompt", "continuation", "targetDelimiter", "metrics"]);
    const { targetDelimiter } = definition;
    const text = template(name, "continuation", definition.continuation, fields);
    const metrics = requireMetrics(name, definition.metrics ?? ["acc", "perplexity"], METRICS.completion);
    const doc = (row: Row) => {
      const continuation = text(row);
      if (continuation === "") throw new FieldError("its continuation is empty; it must have text to be scored");
      const delimiter = targetDelimiter ?? (/^\s/.test(continuation) ? "" : TARGET_DELIMITER);
      return { context: prompt(row), continuation: delimiter + continuation, cluster: clusterOf(row) };
    };
    return { ...base, kind: "completion", fields: [...fields], metrics, doc };
  }
  requireKeys(
    definition,
    ["prompt", "choices", "answer", "metrics", "description", "fewShot", "shots", "targetDelimiter"],
  );
  const choices = choicesOf(name, definition.choices, fields), answer = answerOf(name, definition.answer, fields);
  const metrics = requireMetrics(name, definition.metrics ?? ["acc"], METRICS.choice);
  const { description, fewShot, shots = 0, targetDelimiter } = definition;
  requireFewShot(name, fewShot, shots);
  return {
    ...base,
    kind: "choice",
    fields: [...fields],
    metrics,
    shots,
    ...(description === undefined ? {} : { description: () => description }),
    ...(fewShot ? { fewShot } : {}),
    ...(targetDelimiter === undefined ? {} : { targetDelimiter }),
    doc(row) {
      const list = choices(row);
      return { query: prompt(row), choices: list, gold: answer(row, list), cluster: clusterOf(row) };
    },
  };
}

function wrong(name: string, why: string): TypeError {
  return new TypeError(`Cannot define the task "${name}": ${why}`);
}

function requireName(name: unknown): void {
  if (typeof name === "string" && /^[\w.-]{1,100}$/.test(name)) return;
  throw new TypeError(
    `Cannot define a task: name must be letters, digits, "_", "-" and ".", got ${JSON.stringify(name)?.slice(0, 60)}`,
  );
}

const BASE_KEYS = ["name", "about", "version", "dataset", "split", "cluster"];
/** Keys of which a value is text, where it is there. */
const TEXT_KEYS = [...BASE_KEYS, "targetDelimiter"];

function requireKeys(definition: TaskDefinition, keys: string[]): void {
  const known = [...BASE_KEYS, ...keys, "replace"];
  const unknown = Object.keys(definition).find((key) => !known.includes(key));
  if (unknown) throw wrong(definition.name, `it knows no "${unknown}"; a task of this kind has ${known.join(", ")}`);
  for (const key of TEXT_KEYS) {
    const value = (definition as unknown as Row)[key];
    if (value !== undefined && typeof value !== "string") {
      throw wrong(definition.name, `${key} must be text, got ${JSON.stringify(value)?.slice(0, 60)}`);
    }
  }
}

function template(name: string, key: string, value: unknown, fields: Set<string>): (row: Row) => string {
  if (typeof value === "function") {
    return (row) => {
      const text: unknown = value(row);
      if (typeof text === "string") return text;
      throw new FieldError(`${key} must give text, got ${JSON.stringify(text)?.slice(0, 60)}`);
    };
  }
  if (typeof value !== "string" || value === "") {
    throw wrong(name, `${key} must be a template, "Question: {{question}}", or a function of the row`);
  }
  for (const field of templateFields(value)) fields.add(field);
  return (row) => fill(value, row);
}

function choicesOf(name: string, value: ChoiceDefinition["choices"], fields: Set<string>): (row: Row) => string[] {
  if (typeof value === "function") return (row) => textListField({ choices: value(row) }, "choices");
  if (typeof value === "string" && value !== "") {
    fields.add(value);
    return (row) => textListField({ [value]: fieldAt(row, value) }, value);
  }
  if (!Array.isArray(value) || value.length < 2) {
    throw wrong(name, "choices must be a field's name, two or more templates, or a function of the row");
  }
  const templates = value.map((text, i) => template(name, `choices[${i}]`, text, fields));
  return (row) => templates.map((text) => text(row));
}

function answerOf(name: string, value: ChoiceDefinition["answer"] = "answer", fields: Set<string>) {
  if (typeof value === "function") {
    return (row: Row, list: string[]) => answerField({ answer: value(row) }, "answer", list);
  }
  if (typeof value === "string" && value !== "") {
    fields.add(value);
    return (row: Row, list: string[]) => answerField({ [value]: fieldAt(row, value) }, value, list);
  }
  if (typeof value !== "number") throw wrong(name, "answer must be a field's name, an index or a function of the row");
  return (_: Row, list: string[]) => answerField({ answer: value }, "answer", list);
}

function requireMetrics<M extends string>(name: string, metrics: M[], known: string[]): M[] {
  if (Array.isArray(metrics) && metrics.length && metrics.every((m) => known.includes(m))) return metrics;
  throw wrong(name, `metrics must be some of ${known.join(", ")}, got ${JSON.stringify(metrics)}`);
}

function requireFewShot(name: string, fewShot: FewShot | undefined, shots: number): void {
  if (!(Number.isInteger(shots) && shots >= 0)) throw wrong(name, `shots must be an integer >= 0, got ${shots}`);
  if (fewShot === undefined) {
    if (shots > 0) throw wrong(name, `shots is ${shots}, but there is no fewShot to take examples from`);
    return;
  }
  const rules = ["first_n", "sample", "sample_others"];
  if (!rules.includes(fewShot.rule)) throw wrong(name, `fewShot.rule must be one of ${rules.join(", ")}`);
  if ("rows" in fewShot ? !Array.isArray(fewShot.rows) || !fewShot.rows.length : typeof fewShot.split !== "string") {
    throw wrong(
      name,
      "fewShot needs a split's name, or rows, of which there must be some; leave it out for no examples",
    );
  }
}
