/** A task of the user's own, also from a notebook's cell: template, choices, metrics, and it can be evaluated by name. */
import { shown } from "../check/check.ts";
import { byField, type Fields, object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { byType, entries, flag, func, integer, list, oneOf, text, word } from "../check/rules.ts";
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

type OfSplit = Extract<FewShot, { split: string }>;
type OfRows = Extract<FewShot, { rows: Row[] }>;
type Choices = Exclude<ChoiceDefinition["choices"], string | string[]>;
type Answer = Exclude<ChoiceDefinition["answer"], string | number | undefined>;

const TEMPLATE = byType(
  { string: word, function: func<Exclude<Template, string>>() },
  'a template, "Question: {{question}}", or a function of the row',
);
const RULE = oneOf("first_n", "sample", "sample_others");
const FEW_SHOT = byField<FewShot, "split" | "rows">({
  split: object<OfSplit>({ rule: RULE, split: word }),
  rows: object<OfRows>({ rule: RULE, rows: entries({ min: 1 }) }),
});

const BASE: Fields<Omit<TextDefinition, "text">> = {
  name: text, // which names there can be, the registry's own check says
  about: optional(text),
  version: optional(word),
  dataset: optional(word),
  split: optional(word),
  cluster: optional(word),
  replace: optional(flag),
};

/** The kind is told by what is scored. */
export const DEFINITION = byField<TaskDefinition, "choices" | "continuation" | "text">({
  choices: object<ChoiceDefinition>({
    ...BASE,
    prompt: TEMPLATE,
    choices: byType(
      { string: word, list: list(word, { min: 2 }), function: func<Choices>() },
      "a field's name, two or more templates, or a function of the row",
    ),
    answer: optional(
      byType(
        { string: word, number: integer({ min: 0 }), function: func<Answer>() },
        "a field's name, an index or a function of the row",
      ),
    ),
    metrics: optional(list(oneOf<ChoiceMetric>("acc", "acc_norm", "acc_bytes"), { min: 1 })),
    description: optional(text),
    fewShot: optional(FEW_SHOT),
    shots: optional(integer({ min: 0, max: 10_000 })),
    targetDelimiter: optional(text),
  }),
  continuation: object<CompletionDefinition>({
    ...BASE,
    prompt: TEMPLATE,
    continuation: TEMPLATE,
    metrics: optional(list(oneOf<CompletionMetric>("acc", "perplexity"), { min: 1 })),
    targetDelimiter: optional(text),
  }),
  text: object<TextDefinition>({ ...BASE, text: TEMPLATE }),
});

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
  checkOptions(`Cannot define the task ${shown(definition?.name)}`, definition, DEFINITION, {
    whole: "the definition",
    part: "field",
  });
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
  requireName(definition.name);
  const { name, about = "", dataset, split = "test", cluster } = definition;
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
    const text = template("text", definition.text, fields);
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
  const prompt = template("prompt", definition.prompt, fields);
  if ("continuation" in definition) {
    const text = template("continuation", definition.continuation, fields);
    const { metrics = ["acc", "perplexity"], targetDelimiter } = definition;
    const doc = (row: Row) => {
      const continuation = text(row);
      if (continuation === "") throw new FieldError("its continuation is empty; it must have text to be scored");
      const delimiter = targetDelimiter ?? (/^\s/.test(continuation) ? "" : TARGET_DELIMITER);
      return { context: prompt(row), continuation: delimiter + continuation, cluster: clusterOf(row) };
    };
    return { ...base, kind: "completion", fields: [...fields], metrics, doc };
  }
  const choices = choicesOf(definition.choices, fields), answer = answerOf(definition.answer, fields);
  const { metrics = ["acc"], description, fewShot, shots = 0, targetDelimiter } = definition;
  if (shots > 0 && !fewShot) {
    throw new TypeError(
      `Cannot define the task "${name}": shots is ${shots}, but there is no fewShot to take examples from`,
    );
  }
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

function requireName(name: unknown): void {
  if (typeof name === "string" && /^[\w.-]{1,100}$/.test(name)) return;
  throw new TypeError(
    `Cannot define a task: name must be letters, digits, "_", "-" and ".", got ${JSON.stringify(name)?.slice(0, 60)}`,
  );
}

function template(key: string, value: Template, fields: Set<string>): (row: Row) => string {
  if (typeof value === "function") {
    return (row) => {
      const text: unknown = value(row);
      if (typeof text === "string") return text;
      throw new FieldError(`${key} must give text, got ${JSON.stringify(text)?.slice(0, 60)}`);
    };
  }
  for (const field of templateFields(value)) fields.add(field);
  return (row) => fill(value, row);
}

function choicesOf(value: ChoiceDefinition["choices"], fields: Set<string>): (row: Row) => string[] {
  if (typeof value === "function") return (row) => textListField({ choices: value(row) }, "choices");
  if (typeof value === "string") {
    fields.add(value);
    return (row) => textListField({ [value]: fieldAt(row, value) }, value);
  }
  const templates = value.map((text, i) => template(`choices[${i}]`, text, fields));
  return (row) => templates.map((text) => text(row));
}

function answerOf(value: ChoiceDefinition["answer"] = "answer", fields: Set<string>) {
  if (typeof value === "function") {
    return (row: Row, list: string[]) => answerField({ answer: value(row) }, "answer", list);
  }
  if (typeof value === "string") {
    fields.add(value);
    return (row: Row, list: string[]) => answerField({ [value]: fieldAt(row, value) }, value, list);
  }
  return (_: Row, list: string[]) => answerField({ answer: value }, "answer", list);
}
