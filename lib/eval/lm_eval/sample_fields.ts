/** A line of lm-eval's samples file with its fields checked. The file is not trusted. */
import type { ScoreResult } from "../../model/log_likelihood.ts";
import { shownField } from "../../store/loose_json.ts";
import { sha256 } from "../hashes.ts";

/** What the model was asked: a text, or a continuation of a context. */
export interface SampleRequest {
  context: string;
  continuation?: string;
}

/** One document with one filter. */
export interface SampleFields {
  /** File and line, for errors. */
  where: string;
  row: number;
  /** As Python's `str` writes it. */
  target: string;
  doc: unknown;
  /** One text without continuation is a whole document. */
  requests: SampleRequest[];
  /** Log-likelihoods, one a request; null where the model wrote text. */
  scores: ScoreResult[] | null;
  /** What the filter left of the answers. */
  answers: unknown[];
  /** lm-eval's metrics of the document as the file has them: numbers, or what is aggregated over all documents. */
  metrics: Record<string, unknown>;
}

/** The keys of a line that are no metrics. */
const KEYS = [
  ...["doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"],
  ...["doc_hash", "prompt_hash", "target_hash"],
];

/** @throws {TypeError} For a line without the fields of lm-eval, or whose hashes are of other texts. */
export function sampleFields(sample: Record<string, unknown>, where: string): SampleFields {
  const wrong = (field: string, wanted: string) => wrongField(where, field, wanted, sample[field]);
  const row = sample.doc_id;
  if (typeof row !== "number" || !Number.isSafeInteger(row) || row < 0) throw wrong("doc_id", "an integer >= 0");
  const target = pythonText(sample.target);
  if (typeof sample.target_hash === "string" && sample.target_hash !== sha256(target)) {
    throw wrong("target_hash", `the hash of the target ${JSON.stringify(target.slice(0, 60))}`);
  }
  const lists = argumentLists(sample.arguments);
  if (!lists) throw wrong("arguments", "the requests, { gen_args_0: { arg_0: text, ... } }");
  if (typeof sample.prompt_hash === "string" && sample.prompt_hash !== sha256(lists[0][0])) {
    throw wrong("prompt_hash", "the hash of the context in arguments");
  }
  const answers = sample.filtered_resps;
  if (!Array.isArray(answers) || answers.length !== lists.length) {
    throw wrong("filtered_resps", `a list of ${lists.length} answers, one a request`);
  }
  const requests = lists.map(([context, continuation]) =>
    typeof continuation === "string" ? { context, continuation } : { context }
  );
  const isScored = lists.every((list) => list.length < 2 || typeof list[1] === "string");
  const scores = isScored ? answers.map((answer, i) => scoreOf(answer, requests[i])) : null;
  const kinds = new Set(requests.map((r) => r.continuation === undefined));
  if (scores && (kinds.size > 1 || (kinds.has(true) && requests.length > 1))) {
    throw wrong("arguments", "contexts with continuations, one text, or prompts with settings");
  }
  if (scores?.includes(null)) throw wrong("filtered_resps", "log-likelihoods, [number, is_greedy]");
  const infinite = scores?.find((s) => !Number.isFinite(s!.logLikelihood));
  if (infinite) {
    throw wrong("filtered_resps", `finite; the model gave a log-likelihood of ${infinite.logLikelihood}`);
  }
  const metrics = Object.fromEntries(Object.entries(sample).filter(([key]) => !KEYS.includes(key)));
  return { where, row, target, doc: sample.doc, requests, scores: scores as ScoreResult[] | null, answers, metrics };
}

export function wrongField(where: string, field: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`Cannot read ${where}: field "${field}" must be ${wanted}, got ${shownField(value)}`);
}

/** A number that the file has as one, as text, or as True and False; null for anything else. */
export function finite(value: unknown): number | null {
  const number = numeric(value);
  return number !== null && Number.isFinite(number) ? number : null;
}

/** The arguments of each request. Older files have plain lists. */
function argumentLists(value: unknown): [string, ...unknown[]][] | null {
  if (typeof value !== "object" || value === null) return null;
  const lists = Object.values(value).map((list) => Object.values(list ?? {}));
  return lists.length && lists.every((list) => typeof list[0] === "string") ? lists as [string, ...unknown[]][] : null;
}

/** `["-4.25", "False"]`, in older files numbers and booleans; of a whole text the number alone. */
function scoreOf(answer: unknown, { continuation }: SampleRequest): ScoreResult | null {
  const [value, greedy] = Array.isArray(answer) ? answer : continuation === undefined ? [answer] : [];
  const logLikelihood = typeof value === "boolean" ? null : numeric(value);
  if (logLikelihood === null) return null;
  return { logLikelihood, isGreedy: String(greedy).toLowerCase() === "true", tokens: 0 };
}

const PYTHON_NUMBERS: Record<string, number> = {
  ...{ true: 1, false: 0, nan: NaN, inf: Infinity, "-inf": -Infinity, infinity: Infinity, "-infinity": -Infinity },
};

function numeric(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = PYTHON_NUMBERS[value.toLowerCase()] ?? Number(value);
  return Number.isNaN(number) && value.toLowerCase() !== "nan" ? null : number;
}

/** `str` of what JSON holds in place of text, as older files do. */
function pythonText(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((v) => typeof v === "string" ? `'${v}'` : pythonText(v)).join(", ")}]`;
  return String(value);
}
