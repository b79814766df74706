import assert from "node:assert/strict";
import { jupyterPython } from "../../lib/report/jupyter.ts";
import { View } from "../../lib/view/display.ts";
import { escapeHtml, escapeMarkdown, escapePlot, oneLine, printable } from "../../lib/view/escape.ts";
import { tableHtml, tableMarkdown, type TableSpec, tableText } from "../../lib/view/table.ts";
import { HOSTILE_NAMES } from "./hostile_names.ts";

Deno.test("each place has its own escapes, by hand", () => {
  assert.equal(escapeHtml(`<a href="x">'&'</a>`), "&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  assert.equal(escapePlot(`"%{x}" $y$ &lt;`), "&#34;%&#123;x&#125;&#34; &#36;y&#36; &amp;lt;");
  assert.equal(escapeMarkdown("a|b\n[c](d)"), "a&#124;b [c&#93;(d)");
  assert.equal(escapeMarkdown("[2.1, 4.1]"), "[2.1, 4.1]"); // an interval is no link
  assert.equal(escapeMarkdown("# 1. [^1]: x"), "&#35; 1. [^1&#93;: x");
  assert.equal(oneLine("a \r\n b\u2028c"), "a b c");
  assert.equal(printable("a\x1b[2Jb\x07\r\nc\td"), "a[2Jb\nc\td");
});

/** Renders Markdown as a notebook does, and gives back the texts of cells and paragraphs and the names of all elements. */
const RENDER = `
import json, sys
from html.parser import HTMLParser
from nbconvert.filters.markdown_mistune import markdown2html_mistune
class Reader(HTMLParser):
    def __init__(self):
        super().__init__(); self.tags = set(); self.texts = []
    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("td", "th", "p"): self.texts.append("")
    def handle_data(self, data):
        if self.texts: self.texts[-1] += data
reader = Reader()
reader.feed(markdown2html_mistune(json.load(sys.stdin)))
json.dump({"tags": sorted(reader.tags), "texts": reader.texts}, sys.stdout)
`;

async function rendered(markdown: string): Promise<{ tags: string[]; texts: string[] }> {
  const child = new Deno.Command(jupyterPython(), {
    args: ["-c", RENDER],
    stdin: "piped",
    stdout: "piped",
    env: { PYTHONUTF8: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(markdown)));
  await writer.close();
  return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
}

const spec: TableSpec = {
  caption: "caption",
  columns: [{ title: "model" }, { title: "value" }],
  rows: HOSTILE_NAMES.map((name) => [name, { main: name, details: ["[1.1, 1.3]"], tone: "good" }]),
  notes: HOSTILE_NAMES,
};

Deno.test("a Markdown table shows hostile names as they are, in cells and paragraphs, and nothing else comes of them", async () => {
  const { tags, texts } = await rendered(tableMarkdown(spec));
  assert.deepEqual(
    tags.filter((t) => !["table", "thead", "tbody", "tr", "td", "th", "p", "br", "strong"].includes(t)),
    [],
  );
  const shown = texts.map((t) => t.trim());
  const [caption, , , ...rest] = shown, names = HOSTILE_NAMES.map(oneLine);
  assert.equal(caption, "caption");
  assert.deepEqual(rest.slice(0, 2 * names.length), names.flatMap((name) => [name, `${name}[1.1, 1.3]`]));
  assert.deepEqual(rest.slice(2 * names.length), names);
});

Deno.test("a table in a terminal has one line a row, and no control characters reach it", () => {
  const lines = tableText({ ...spec, notes: [] }).split("\n");
  assert.equal(lines.length, 2 + 2 + HOSTILE_NAMES.length); // caption and space, head and rule
  const wide = tableText({ columns: [{ title: "model" }, { title: "n" }], rows: [["漢字", "1"], ["int4", "2"]] });
  assert.deepEqual(wide.split("\n"), ["model  n", "-----  -", "漢字   1", "int4   2"]); // a wide character takes two columns
  const view = new View({ "text/plain": "a\x1b]0;title\x07\x1b[31mb" });
  assert.equal(view.toString(), "a]0;title[31mb");
});

Deno.test("a table in HTML has only elements of its own", () => {
  const html = tableHtml(spec), names = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((m) => m[1]));
  const own = ["div", "table", "caption", "thead", "tbody", "tr", "th", "td", "br", "small", "span", "p"];
  assert.deepEqual([...names].filter((name) => !own.includes(name)), []);
});
