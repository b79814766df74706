/** The text in whose bytes models of different tokenizers are compared. */
import { createHash } from "node:crypto";
import { object, optional } from "../check/objects.ts";
import { byType, list, text } from "../check/rules.ts";
import { readSplit } from "../store/dataset.ts";

/** A text, and what it stems from: texts of one source are not independent. */
export interface SourceText {
  text: string;
  source?: string;
}

/** Texts whose tokens are counted. */
export interface TextSample {
  texts: string[];
  /** What each stems from. */
  sources: string[];
  /** Where they came from, in words. */
  data: string;
  /** Of the texts, in order. */
  sha256: string;
}

const TEXT = object<SourceText>({ text, source: optional(text) });
/** Texts, with their sources or alone. */
export const TEXTS = list(byType({ string: text, object: TEXT }, "a text, or { text, source }"));

/**
 * Rows of the default sample, and how far apart: ActivityNet's come first and WikiHow's last, so both are in it. Enough to
 * know the ratio of SmolLM2's to Gemma 3's bytes a token to within half a percent.
 */
const DEFAULT_ROWS = 500, STEP = 20;

/**
 * The texts that were passed, or every twentieth of HellaSwag's validation rows: contexts with their right endings, without
 * WikiHow's marks.
 *
 * @throws {RangeError} For an empty text, or texts of fewer than two sources: they tell nothing of other texts.
 * @throws {Error} If the rows are not there and cannot be fetched.
 */
export async function textSample(given?: readonly (string | SourceText)[]): Promise<TextSample> {
  const texts = given?.map((t) => typeof t === "string" ? { text: t } : t);
  const { all, data } = texts
    ? { all: texts, data: `${texts.length} ${texts.length === 1 ? "text" : "texts"} that were passed` }
    : await defaultTexts();
  const empty = all.findIndex(({ text }) => !text.length);
  if (empty >= 0) throw new RangeError(`Cannot count bytes a token: text ${empty} is empty; leave it out`);
  const sources = all.map(({ source }, i) => source ?? `text ${i}`);
  if (new Set(sources).size < 2) {
    throw new RangeError(
      `Cannot count bytes a token with an interval: needs texts of at least 2 sources, got ${all.length} of ` +
        `${new Set(sources).size}; cut a long text into parts, or pass more`,
    );
  }
  return { texts: all.map(({ text }) => text), sources, data, sha256: hashOf(all.map(({ text }) => text)) };
}

/** SHA-256 of texts in their order. */
export function hashOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}

async function defaultTexts(): Promise<{ all: SourceText[]; data: string }> {
  const { rows, split, total } = await readSplit("hellaswag", {
    rows: Array.from({ length: DEFAULT_ROWS }, (_, i) => STEP * i),
  });
  const all = rows.map(({ ctx, endings, label, source_id }) => ({
    text: withoutMarks(`${ctx} ${(endings as string[])[Number(label)]}`),
    ...(typeof source_id === "string" ? { source: source_id } : {}),
  }));
  return {
    all,
    data: `hellaswag ${split}, contexts with their right endings, every ${STEP}th row, ${rows.length} of ${total}`,
  };
}

function withoutMarks(text: string): string {
  return text.replaceAll(" [title]", ".").replaceAll(/\[\w+\]/g, " ").replaceAll(/\s+/g, " ").trim();
}
