/** A model before it runs: what it is, what it needs, and what of it will run here. */
import { checkModel } from "../arch/ref_fields.ts";
import { resolveGraph } from "../arch/foreign/resolve_graph.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { HARDWARE } from "../cost/hardware.ts";
import { archDiagram } from "./arch_diagram.ts";
import { View } from "./display.ts";
import { escapeHtml, escapeMarkdown, oneLine } from "./escape.ts";
import { cardFacts, type CardOptions } from "./model_card/facts.ts";
import { cardLines, cardTitle, precisionTable, wrapped } from "./model_card/lines.ts";
import { graphCardFacts } from "./model_card/graph_facts.ts";
import { graphLines } from "./model_card/graph_lines.ts";
import { tableHtml, tableMarkdown, type TableSpec, tableText } from "./table.ts";

export type { CardOptions };

export const CARD_OPTIONS = object<CardOptions>({ contextLength: optional(TOKENS), hardware: optional(HARDWARE) });

/** Columns of a terminal that is not asked, and of a label. */
const COLUMNS = 80, LABEL = 15;

/**
 * Show what a reference is: its architecture in words and as a picture, tokenizer, files and licence, and which precisions
 * run on which provider in how much memory. Headers are read, no weights: of a model of the hub a few megabytes are fetched.
 *
 * Of a graph that another program made, its operators, opset, inputs, weights by type, files and how it decodes.
 *
 * @param ref A catalog name, a .gguf path, a folder, `hf:owner/name`, a name of the zoo, a spec, or an ONNX
 * file or folder (`{ ref, format: "onnx" }` where it holds safetensors too).
 * @throws As opening the model, for what there is not or is not built; RangeError for a context longer than the model's.
 * @example
 * ```ts ignore
 * await modelCard("hf:Qwen/Qwen3-0.6B", { hardware: "Raspberry Pi 5" }) // the last expression of a cell
 * ```
 */
export async function modelCard(ref: ModelRef, options: CardOptions = {}): Promise<View> {
  checkModel("Cannot show a model card", ref);
  checkOptions("Cannot show a model card", options, CARD_OPTIONS);
  const content = await contentOf(ref, options);
  return new View({
    "text/plain": cardText(content),
    "text/html": cardHtml(content),
    "text/markdown": cardMarkdown(content),
  });
}

interface CardContent {
  title: string;
  lines: [label: string, value: string][];
  /** null: `noPicture` says why. */
  spec: ArchSpec | null;
  noPicture?: string;
  table: TableSpec;
}

/** Of our own graphs or of one made elsewhere. */
async function contentOf(ref: ModelRef, options: CardOptions): Promise<CardContent> {
  const graph = await resolveGraph(ref, {});
  if (!graph) {
    const facts = await cardFacts(ref, options);
    return { title: cardTitle(facts), lines: cardLines(facts), spec: facts.spec, table: precisionTable(facts) };
  }
  const facts = await graphCardFacts(graph, options), { spec } = facts;
  return {
    title: cardTitle(facts),
    lines: graphLines(facts),
    ...(typeof spec === "string" ? { spec: null, noPicture: spec } : { spec }),
    table: precisionTable(facts),
  };
}

function cardText({ title, lines: facts, spec, noPicture, table: whole }: CardContent): string {
  const lines = facts.flatMap(([label, value]) =>
    wrapped(oneLine(value), COLUMNS - LABEL).map((line, i) => (i ? "" : label).padEnd(LABEL) + line)
  );
  const [, ...blocks] = spec ? archDiagram(spec).bundle["text/plain"].split("\n") : ["", `no picture: ${noPicture}`];
  const picture = blocks.flatMap((line) => {
    const indent = /^ */.exec(line)![0];
    return wrapped(line.trim(), COLUMNS - indent.length - 4).map((part, i) => indent + (i ? "    " : "") + part);
  });
  const { notes = [], ...table } = whole;
  return [
    ...wrapped(oneLine(title), COLUMNS),
    ...["", ...lines, "", ...picture, "", tableText(table), ""],
    ...notes.flatMap((note) => wrapped(note, COLUMNS)),
  ].join("\n");
}

function cardHtml({ title, lines, spec, noPicture, table }: CardContent): string {
  const rows = lines.map(([label, value]) =>
    `<dt style="opacity:.75">${escapeHtml(label)}</dt>` +
    `<dd style="margin:0 0 6px;overflow-wrap:anywhere">${escapeHtml(value)}</dd>`
  );
  return [
    `<section class="archbench-card" style="max-width:1100px">`,
    `<h3 style="margin:4px 0 10px;overflow-wrap:anywhere">${escapeHtml(title)}</h3>`,
    `<div style="display:flex;flex-wrap:wrap;gap:16px 32px;align-items:flex-start">`,
    `<dl style="flex:1 1 320px;min-width:0;margin:0">${rows.join("")}</dl>`,
    `<div style="flex:1 1 320px;min-width:0;max-width:640px">${
      spec ? archDiagram(spec).bundle["text/html"] : escapeHtml(`no picture: ${noPicture}`)
    }</div>`,
    `</div>${tableHtml(table)}</section>`,
  ].join("");
}

function cardMarkdown({ title, lines: facts, table }: CardContent): string {
  const lines = facts.map(([label, value]) => `- **${label}**: ${escapeMarkdown(value)}`);
  return [`**${escapeMarkdown(title)}**`, "", ...lines, "", tableMarkdown(table)].join("\n");
}
