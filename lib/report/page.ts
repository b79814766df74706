/** The report: one HTML page that holds every notebook and plotly, and asks the network for nothing. */
import { NO_UPLOAD } from "../view/display.ts";
import { escapeHtml } from "../view/escape.ts";
import type { ExportedNotebook } from "./run_notebook.ts";

/** One notebook of the report. */
export interface ReportPart extends ExportedNotebook {
  /** File name without its ending, e.g. "01_compare"; the anchor of its section, as far as a link allows. */
  name: string;
  seconds: number;
  /** The cell that failed, and why; null when all ran. */
  failed: { cell: string; reason: string } | null;
}

export interface ReportOptions {
  /** When the run began. */
  startedAt: Date;
  /** Source of plotly.min.js. */
  plotly: string;
  /** Parameters that were put into the notebooks. */
  params?: Record<string, unknown>;
}

/** No request may leave the page: everything is inline. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
  "font-src data:; base-uri 'none'; form-action 'none'";

const STYLE = `
:root { color-scheme: light; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --panel: #f6f8fa; --link: #0059a9; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
a { color: var(--link); }
.page { display: grid; grid-template-columns: 230px minmax(0, 860px); gap: 40px; max-width: 1180px; margin: 0 auto; padding: 0 24px 80px; }
.head { grid-column: 1 / -1; padding: 28px 0 14px; border-bottom: 1px solid var(--line); }
.head h1 { margin: 0 0 4px; font-size: 28px; line-height: 1.25; }
.head p { margin: 0; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 20px 0; font-size: 14px; line-height: 1.45; }
nav ol { list-style: none; margin: 0; padding: 0; }
nav li { margin: 0 0 6px; }
nav ol ol { padding-left: 12px; margin: 6px 0 12px; border-left: 2px solid var(--line); }
nav a { color: inherit; text-decoration: none; }
nav a:hover { text-decoration: underline; }
.failed-mark { color: #a8320a; font-weight: 600; }
section.notebook { padding-top: 12px; }
section.notebook + section.notebook { border-top: 1px solid var(--line); margin-top: 48px; }
h1, h2, h3 { line-height: 1.3; }
section h1 { font-size: 26px; margin: 20px 0 12px; }
section h2 { font-size: 20px; margin: 36px 0 8px; }
section h3 { font-size: 17px; margin: 24px 0 6px; }
p, ul, ol { margin: 0 0 12px; }
.jp-Cell { margin: 0 0 10px; }
.highlight { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.highlight pre, .jp-RenderedText pre { margin: 0; padding: 10px 12px; overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.jp-RenderedText pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px 0; }
[data-mime-type="application/vnd.jupyter.stderr"] pre { background: #fff4f0; padding: 8px 12px; border-radius: 6px; }
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--panel); padding: 1px 4px; border-radius: 4px; overflow-wrap: anywhere; }
.highlight code { background: none; padding: 0; }
.jp-OutputArea-output { margin: 10px 0; }
.jp-RenderedHTMLCommon { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 5px 10px; text-align: left; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom !important; }
tbody th { font-weight: 600; }
img, svg { max-width: 100%; }
.plotly-output { min-width: 0; }
.failure { border: 1px solid #a8320a; border-left-width: 6px; border-radius: 6px; padding: 10px 14px; background: #fff4f0; margin: 12px 0; overflow-wrap: anywhere; }
.ansi-red-fg { color: #b42318; } .ansi-green-fg { color: #0a6b3d; } .ansi-yellow-fg { color: #8a6d00; } .ansi-bold { font-weight: 700; }
@media (max-width: 860px) {
  .page { display: block; padding: 0 16px 48px; }
  nav { position: static; max-height: none; border-bottom: 1px solid var(--line); padding: 12px 0; }
  nav ol ol { display: none; }
  section h1 { font-size: 22px; }
  body { font-size: 15px; }
  th, td { padding: 4px 7px; }
}
@media print { nav { display: none; } .page { display: block; } }
`;

const SCRIPT = `
addEventListener("DOMContentLoaded", () => {
  for (const source of document.querySelectorAll('script[type="application/vnd.plotly.v1+json"]')) {
    const figure = JSON.parse(source.textContent);
    const place = document.createElement("div");
    source.after(place);
    // last what the page insists on: no figure offers to send its data anywhere
    const config = { displaylogo: false, ...figure.config, responsive: true, ...${JSON.stringify(NO_UPLOAD)} };
    Plotly.newPlot(place, figure.data, figure.layout, config);
  }
});
`;

/**
 * The whole page.
 *
 * @returns HTML that needs no other file and no network.
 */
export function reportPage(parts: ReportPart[], options: ReportOptions): string {
  const total = parts.reduce((sum, p) => sum + p.seconds, 0);
  const params = Object.keys(options.params ?? {}).length ? ` Parameters: ${JSON.stringify(options.params)}.` : "";
  const facts =
    `${options.startedAt.toISOString().slice(0, 16).replace("T", " ")} UTC, ${Deno.build.os} ${Deno.build.arch}, ` +
    `Deno ${Deno.version.deno}. ${count(parts.length, "notebook")} in ${duration(total)}.${params}`;
  const css = parts[0]?.css ?? "", unique = uniqueIds(), ids = parts.map(({ name }) => unique(idOf(name)));
  const shown = parts.map((part, i) => pagePart(part, ids[i], unique));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Archbench report</title>
<link rel="icon" href="data:,">
<style>${css}${STYLE}</style>
<script>${inlineScript(options.plotly)}</script>
<script>${SCRIPT}</script>
</head>
<body>
<div class="page">
<header class="head"><h1>Archbench report</h1><p>${escapeHtml(facts)}</p></header>
<nav aria-label="Notebooks"><ol>${shown.map(navEntry).join("")}</ol></nav>
<main>${shown.map(section).join("\n")}</main>
</div>
</body>
</html>
`;
}

/** A part with the id of its section, and its cells with ids of their headings: two notebooks may both have "Limits". */
interface PagePart extends ReportPart {
  id: string;
  headings: { id: string; text: string }[];
}

function pagePart(part: ReportPart, id: string, unique: (id: string) => string): PagePart {
  const headings: PagePart["headings"] = [];
  const html = part.html.replace(/<h([1-3])( id="[^"]*")?>([\s\S]*?)<\/h\1>/g, (_, level, _id, inner) => {
    const heading = unique(`${id}-${headings.length + 1}`);
    headings.push({ id: heading, text: level === "2" ? inner.replace(/<[^>]*>/g, "").replaceAll("<", "&lt;") : "" });
    return `<h${level} id="${heading}">${inner}</h${level}>`;
  });
  return { ...part, id, html, headings: headings.filter((h) => h.text) };
}

/** Gives each id once, numbered where it was there before. */
function uniqueIds(): (id: string) => string {
  const used = new Set<string>();
  return (id) => {
    let found = id;
    for (let n = 2; used.has(found); n++) found = `${id}-${n}`;
    used.add(found);
    return found;
  };
}

/** A file's name as an id that needs no escaping in a link. */
function idOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
}

function navEntry({ id, title, failed, headings }: PagePart): string {
  const mark = failed ? ' <span class="failed-mark">failed</span>' : "";
  const inner = headings.map((h) => `<li><a href="#${h.id}">${h.text}</a></li>`).join("");
  return `<li><a href="#${id}"><strong>${escapeHtml(title)}</strong></a>${mark}${
    inner ? `<ol>${inner}</ol>` : ""
  }</li>`;
}

function section({ id, name, html, seconds, failed }: PagePart): string {
  const failure = failed
    ? `<div class="failure" role="alert"><strong>Failed in cell ${escapeHtml(failed.cell)}</strong>: ${
      escapeHtml(failed.reason)
    }</div>`
    : "";
  return `<section class="notebook" id="${id}">${failure}${html}
<p><small>${escapeHtml(name)}.ipynb, run in ${duration(seconds)}</small></p></section>`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** `41 s`, `6 min 5 s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/** Source that cannot end its script element early. */
function inlineScript(source: string): string {
  return source.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}
