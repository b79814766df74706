/** A picture of an architecture: from the embedding up to the head, repeated layers drawn once. */
import { noOptions } from "../check/options.ts";
import { describeChannel, describeMixer, describePosition, type LayerGroup, layerGroups } from "../arch/describe.ts";
import { layerParameters, modelParameters } from "../arch/blocks/layer.ts";
import type { ArchSpec, LayerSpec, MixerSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";
import { parameterCount } from "../cost/bytes.ts";
import { View } from "./display.ts";
import { escapeHtml } from "./escape.ts";
import { formatNumber } from "./format.ts";

/** A phone's page of 390 px shows the letters at nearly their size. */
const WIDTH = 420, SIDE = 320, MARGIN = 16, LINE = 16, GAP = 10, LABEL = 74;
/** Characters of a line in a block; what is longer goes on at a comma. */
const LINE_LENGTH = 44;

/** Fill of a block, by kind; all with dark text. */
const FILL: Record<MixerSpec["kind"] | "channel" | "outside", string> = {
  attention: "#cfe3f7",
  mla: "#d9d6f2",
  linear: "#f9dcc4",
  mamba2: "#fbe7a9",
  convolution: "#d8efe0",
  rwkv6: "#f6d5dd",
  channel: "#e6eee0",
  outside: "#ececec",
};

/**
 * Draw a spec, or several side by side where the page is wide enough. Its text names the same blocks, for terminals and
 * readers.
 *
 * @throws {TypeError} For what is no spec, or a field that is not known.
 * @example
 * ```ts ignore
 * archDiagram(spec) // the last expression of a cell
 * ```
 */
export function archDiagram(spec: ArchSpec, ...others: ArchSpec[]): View {
  noOptions("archDiagram", [spec, ...others.filter((one) => one?.layers === undefined)], 1);
  const specs = [spec, ...others];
  for (const one of specs) validateSpec(one);
  return new View({
    "text/plain": specs.map(diagramText).join("\n\n"),
    "text/html": sideBySide(specs.map(diagramSvg)),
  });
}

/** One under the other on a narrow page. */
function sideBySide(pictures: string[]): string {
  if (pictures.length === 1) return pictures[0];
  const cells = pictures.map((svg) =>
    `<div style="flex:1 1 ${SIDE}px;min-width:0;max-width:${WIDTH + 160}px">${svg}</div>`
  );
  return `<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">${cells.join("")}</div>`;
}

interface Row {
  text: string;
  fill: string;
  /** At the right edge. */
  right: string;
  /** Inside of a group of layers. */
  inside: boolean;
  /** Whether it stands on the next one: they are one layer. */
  joined?: boolean;
}

function diagramText(spec: ArchSpec): string {
  const lines = [`${spec.name}: ${facts(spec)}`, `  ${embeddingText(spec)}`];
  for (const group of layerGroups(spec)) {
    const named = runs(group.layers).map(({ layer, times }) =>
      `${times > 1 ? `${times} x ` : ""}${describeMixer(layer.mixer)}; ${describeChannel(layer.channel)}`
    );
    lines.push(`  ${group.times} x ${named.length > 1 ? "" : named[0]}`.trimEnd());
    if (named.length > 1) lines.push(...named.map((line) => `      ${line}`));
  }
  return [...lines, `  ${headText(spec)}`].join("\n");
}

function facts(spec: ArchSpec): string {
  const { layers, hiddenSize, contextLength } = spec;
  return `${formatCount(parameterCount(spec))} parameters, ${layers.length} layers of ${hiddenSize}, ` +
    `context ${contextLength.toLocaleString("en-US")}`;
}

function embeddingText(spec: ArchSpec): string {
  return `embedding, ${spec.vocabSize.toLocaleString("en-US")} x ${spec.hiddenSize}; ${
    describePosition(spec.position)
  }`;
}

function headText(spec: ArchSpec): string {
  return `${spec.norm.kind === "rmsnorm" ? "RMSNorm" : "LayerNorm"}, head ` +
    `${spec.tiedHead ? "tied to the embedding" : "of its own"}${
      spec.logitSoftcap ? `, soft-cap ${spec.logitSoftcap}` : ""
    }`;
}

function diagramSvg(spec: ArchSpec): string {
  const groups = layerGroups(spec), parts: string[] = [];
  let y = MARGIN + 14;
  const text = (x: number, at: number, content: string, extra = "") =>
    parts.push(`<text x="${x}" y="${at}" ${extra}>${escapeHtml(content)}</text>`);
  const box = ({ text: content, right, fill, inside, joined }: Row) => {
    const x = inside ? MARGIN + LABEL : MARGIN, width = WIDTH - x - MARGIN - (inside ? 6 : 0);
    const lines = wrap(content), height = lines.length * LINE + 8;
    parts.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${fill}" stroke="#8a8a8a"/>`);
    lines.forEach((line, i) => text(x + 8, y + 16 + i * LINE, line));
    if (right) text(x + width - 8, y + 16, right, 'text-anchor="end" fill="#555"');
    y += height + (joined ? 0 : 4);
  };
  text(MARGIN, MARGIN, spec.name, 'font-weight="600"');
  text(MARGIN, MARGIN + LINE, facts(spec));
  y += GAP + LINE;
  const outside = (content: string, parameters: number) =>
    box({ text: content, right: formatCount(parameters), fill: FILL.outside, inside: false });
  const [embedding, ...rest] = modelParameters(spec);
  outside(headText(spec), rest.reduce((sum, p) => sum + p.rows * p.cols, 0));
  for (const group of [...groups].reverse()) {
    y += GAP;
    const top = y;
    y += 6;
    for (const { layer, times } of runs(group.layers).reverse()) layerRows(layer, times).forEach(box);
    const height = y - top + 2, frame = WIDTH - 2 * MARGIN;
    parts.push(
      `<rect x="${MARGIN}" y="${top}" width="${frame}" height="${height}" rx="6" fill="none" stroke="#8a8a8a"/>`,
    );
    text(MARGIN + 8, top + height / 2 - 3, `${group.times} ×`, 'font-weight="600"');
    text(MARGIN + 8, top + height / 2 + 13, formatCount(groupParameters(spec, group)), 'fill="#555"');
    y += 8;
  }
  y += GAP;
  outside(embeddingText(spec), embedding.rows * embedding.cols);
  const height = y + MARGIN - 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${
    escapeHtml(`${spec.name}: ${facts(spec)}`)
  }" ` +
    `viewBox="0 0 ${WIDTH} ${height}" style="width:100%;max-width:${WIDTH + 160}px" ` +
    `font-family="system-ui, sans-serif" font-size="12">` +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>${parts.join("")}</svg>`;
}

/** The blocks of a layer, the last one first, as they are drawn from the top. */
function layerRows({ mixer, channel, placement = "pre" }: LayerSpec, times: number): Row[] {
  const note = placement === "pre" ? "" : `, ${placement.replace("_", ", ")} norms`;
  const rows: Row[] = [{ text: describeMixer(mixer) + note, right: "", fill: FILL[mixer.kind], inside: true }];
  if (channel.kind !== "none") {
    rows.unshift({ text: describeChannel(channel), right: "", fill: FILL.channel, inside: true, joined: true });
  }
  if (times > 1) rows[0].right = `${times} in a row`;
  return rows;
}

/** Equal layers after one another, once. */
function runs(layers: LayerSpec[]): { layer: LayerSpec; times: number }[] {
  const all: { layer: LayerSpec; times: number }[] = [];
  for (const layer of layers) {
    const last = all.at(-1);
    if (last && JSON.stringify(last.layer) === JSON.stringify(layer)) last.times++;
    else all.push({ layer, times: 1 });
  }
  return all;
}

/** A text in lines, broken after commas. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const piece of text.split(/(?<=[,;]) /)) {
    const joined = lines.length ? `${lines.at(-1)} ${piece}` : piece;
    if (lines.length && joined.length <= LINE_LENGTH) lines[lines.length - 1] = joined;
    else lines.push(piece);
  }
  return lines;
}

/** Of all repetitions together. */
function groupParameters(spec: ArchSpec, { layers, times }: LayerGroup): number {
  const parameters = layers.flatMap((layer) => layerParameters(spec, layer));
  return times * parameters.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
}

function formatCount(parameters: number): string {
  for (const [unit, size] of [["B", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (parameters >= size) return `${formatNumber(parameters / size)} ${unit}`;
  }
  return String(parameters);
}
