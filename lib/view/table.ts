/** One table, three times: HTML with aligned digits for notebooks, text for a terminal, Markdown for a README. */
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { entries, flag, list, oneOf, text } from "../check/rules.ts";
import { textWidth } from "../progress.ts";
import { View } from "./display.ts";
import { escapeHtml, escapeMarkdown, oneLine } from "./escape.ts";

/** A cell: what counts, and smaller under it (HTML, a line each) or after it (text) what qualifies it. */
export type Cell = string | { main: string; details?: string[]; tone?: "good" | "bad" };

export interface Column {
  /** With its unit, e.g. "decode (tok/s)". */
  title: string;
  /** Second line of the header, e.g. "× baseline, 95 % CI". */
  detail?: string;
  /** Numbers are right-aligned. Default "right"; the first column "left". */
  align?: "left" | "right";
  /** Keep each cell on one line. */
  nowrap?: boolean;
}

export interface TableSpec {
  caption?: string;
  columns: Column[];
  /** Shape [rows][columns]. */
  rows: Cell[][];
  /** Paragraphs under the table. */
  notes?: string[];
}

const COLUMN = object<Column>({
  title: text,
  detail: optional(text),
  align: optional(oneOf("left", "right")),
  nowrap: optional(flag),
});
export const TABLE = object<TableSpec>({
  caption: optional(text),
  columns: list(COLUMN),
  rows: entries(), // a table may have thousands
  notes: optional(list(text)),
});

const TONE = { good: "#0a6b3d", bad: "#a8320a" };

/** The table as HTML; every text is escaped. */
export function tableHtml({ caption, columns, rows, notes = [] }: TableSpec): string {
  const align = columns.map((c, i) => c.align ?? (i === 0 ? "left" : "right"));
  const style = (i: number) =>
    `style="text-align:${align[i]};padding:4px 10px;vertical-align:top${
      columns[i].nowrap ? ";white-space:nowrap" : ""
    }"`;
  const small = (text: string) =>
    `<br><small style="opacity:.75;font-weight:normal;white-space:nowrap">${escapeHtml(text)}</small>`;
  const head = columns.map((c, i) =>
    `<th scope="col" ${style(i)}>${escapeHtml(c.title)}${c.detail ? small(c.detail) : ""}</th>`
  );
  const body = rows.map((row) => {
    const cells = row.map((cell, i) => {
      const { main, details = [], tone } = typeof cell === "string" ? { main: cell } as Exclude<Cell, string> : cell;
      const text = tone
        ? `<span style="color:${TONE[tone]};font-weight:600">${escapeHtml(main)}</span>`
        : escapeHtml(main);
      const tag = i === 0 ? `th scope="row"` : "td";
      return `<${tag} ${style(i)}>${text}${details.map((d) => small(d)).join("")}</${tag.slice(0, 2)}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return [
    `<div class="archbench-table" style="overflow-x:auto;max-width:100%">`,
    `<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">`,
    caption
      ? `<caption style="text-align:left;caption-side:top;font-weight:600;padding:4px 10px">${
        escapeHtml(caption)
      }</caption>`
      : "",
    `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`,
    ...notes.map((note) => `<p>${escapeHtml(note)}</p>`),
  ].join("");
}

/** The table as text, columns padded to their widest cell. */
export function tableText({ caption, columns, rows, notes = [] }: TableSpec): string {
  const text = (cell: Cell) =>
    oneLine(typeof cell === "string" ? cell : [cell.main, ...(cell.details ?? [])].filter(Boolean).join(" "));
  const head = columns.map((c) => oneLine(c.detail ? `${c.title}, ${c.detail}` : c.title));
  const lines = [head, ...rows.map((row) => row.map(text))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => textWidth(line[i] ?? ""))));
  const pad = (cell: string, i: number) => {
    const space = " ".repeat(widths[i] - textWidth(cell));
    return (columns[i].align ?? (i === 0 ? "left" : "right")) === "left" ? cell + space : space + cell;
  };
  const body = lines.map((line) => line.map(pad).join("  ").trimEnd());
  body.splice(1, 0, widths.map((w) => "-".repeat(w)).join("  "));
  return [...(caption ? [caption, ""] : []), ...body, ...(notes.length ? ["", ...notes] : [])].join("\n");
}

/** The table in GitHub's Markdown, for a README. */
export function tableMarkdown({ caption, columns, rows, notes = [] }: TableSpec): string {
  const safe = escapeMarkdown;
  const cell = (c: Cell) =>
    typeof c === "string"
      ? safe(c)
      : [c.tone ? `**${safe(c.main)}**` : safe(c.main), ...(c.details ?? []).map(safe)].join("<br>");
  const align = columns.map((c, i) => (c.align ?? (i === 0 ? "left" : "right")) === "left" ? ":--" : "--:");
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const head = columns.map((c) => [safe(c.title), ...(c.detail ? [safe(c.detail)] : [])].join("<br>"));
  const lines = [line(head), line(align), ...rows.map((row) => line(row.map(cell)))];
  return [...(caption ? [safe(caption), ""] : []), ...lines, ...notes.flatMap((n) => ["", safe(n)])].join("\n");
}

/**
 * A table as a view.
 *
 * @example
 * ```ts
 * import { tableView } from "./table.ts";
 *
 * console.log(tableView({ columns: [{ title: "model" }, { title: "decode (tok/s)" }], rows: [["int4", "148"]] }));
 * ```
 */
export function tableView(spec: TableSpec): View {
  checkOptions("Cannot draw a table", spec, TABLE, { whole: "the table", part: "field" });
  return new View({
    "text/plain": tableText(spec),
    "text/html": tableHtml(spec),
    "text/markdown": tableMarkdown(spec),
  });
}
