/** A model before it runs: what it is, what it needs, and what of it will run here. */
import { checkModel } from "../arch/ref_fields.ts";
import type { ModelRef } from "../arch/spec.ts";
import { TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { HARDWARE } from "../cost/hardware.ts";
import { archDiagram } from "./arch_diagram.ts";
import { View } from "./display.ts";
import { escapeHtml, escapeMarkdown, oneLine } from "./escape.ts";
import { type CardFacts, cardFacts, type CardOptions } from "./model_card/facts.ts";
import { cardLines, cardTitle, precisionTable, wrapped } from "./model_card/lines.ts";
import { tableHtml, tableMarkdown, tableText } from "./table.ts";

export type { CardOptions };

export const CARD_OPTIONS = object<CardOptions>({ contextLength: optional(TOKENS), hardware: optional(HARDWARE) });

/** Columns of a terminal that is not asked, and of a label. */
const COLUMNS = 80, LABEL = 15;

/**
 * Show what a reference is: its architecture in words and as a picture, tokenizer, files and licence, and which precisions
 * run on which provider in how much memory. Headers are read, no weights: of a model of the hub a few megabytes are fetched.
 *
 * @param ref A catalog name, a .gguf path, a folder, `hf:owner/name`, a name of the zoo, or a spec.
 * @throws As opening the model, for what there is not or is not built; RangeError for a context longer than the model's.
 * @example
 * ```ts ignore
 * await modelCard("hf:Qwen/Qwen3-0.6B", { hardware: "Raspberry Pi 5" }) // the last expression of a cell
 * ```
 */
export async function modelCard(ref: ModelRef, options: CardOptions = {}): Promise<View> {
  checkModel("Cannot show a model card", ref);
  checkOptions("Cannot show a model card", options, CARD_OPTIONS);
  const facts = await cardFacts(ref, options);
  return new View({
    "text/plain": cardText(facts),
    "text/html": cardHtml(facts),
    "text/markdown": cardMarkdown(facts),
  });
}

function cardText(facts: CardFacts): string {
  const lines = cardLines(facts).flatMap(([label, value]) =>
    wrapped(oneLine(value), COLUMNS - LABEL).map((line, i) => (i ? "" : label).padEnd(LABEL) + line)
  );
  const [, ...blocks] = archDiagram(facts.spec).bundle["text/plain"].split("\n");
  const picture = blocks.flatMap((line) => {
    const indent = /^ */.exec(line)![0];
    return wrapped(line.trim(), COLUMNS - indent.length - 4).map((part, i) => indent + (i ? "    " : "") + part);
  });
  const { notes = [], ...table } = precisionTable(facts);
  return [
    ...wrapped(oneLine(cardTitle(facts)), COLUMNS),
    ...["", ...lines, "", ...picture, "", tableText(table), ""],
    ...notes.flatMap((note) => wrapped(note, COLUMNS)),
  ].join("\n");
}

function cardHtml(facts: CardFacts): string {
  const rows = cardLines(facts).map(([label, value]) =>
    `<dt style="opacity:.75">${escapeHtml(label)}</dt>` +
    `<dd style="margin:0 0 6px;overflow-wrap:anywhere">${escapeHtml(value)}</dd>`
  );
  return [
    `<section class="archbench-card" style="max-width:1100px">`,
    `<h3 style="margin:4px 0 10px;overflow-wrap:anywhere">${escapeHtml(cardTitle(facts))}</h3>`,
    `<div style="display:flex;flex-wrap:wrap;gap:16px 32px;align-items:flex-start">`,
    `<dl style="flex:1 1 320px;min-width:0;margin:0">${rows.join("")}</dl>`,
    `<div style="flex:1 1 320px;min-width:0;max-width:640px">${archDiagram(facts.spec).bundle["text/html"]}</div>`,
    `</div>${tableHtml(precisionTable(facts))}</section>`,
  ].join("");
}

function cardMarkdown(facts: CardFacts): string {
  const lines = cardLines(facts).map(([label, value]) => `- **${label}**: ${escapeMarkdown(value)}`);
  return [`**${escapeMarkdown(cardTitle(facts))}**`, "", ...lines, "", tableMarkdown(precisionTable(facts))].join("\n");
}
