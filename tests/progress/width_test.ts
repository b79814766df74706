import assert from "node:assert/strict";
import { jupyterPython } from "../../lib/report/jupyter.ts";
import { fitText, terminalText, textWidth } from "../../lib/progress/width.ts";

Deno.test("textWidth() counts columns: two for wide characters and emoji, none for marks, by hand", () => {
  const widths = [
    "",
    "int4",
    "漢字",
    "カナ",
    "ｆｕｌｌ",
    "한글",
    "é",
    "e\u0301",
    "🙂",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "a\u200bb",
    "× ≥ − …",
  ].map(textWidth);
  assert.deepEqual(widths, [0, 4, 4, 4, 8, 4, 1, 1, 2, 2, 2, 2, 7]);
});

Deno.test("no character that Unicode calls wide is counted as narrow", async () => {
  // unicodedata of Python: East Asian Width W and F, the ends of each stretch
  const script = `
import unicodedata, sys
wide = [c for c in range(0x20000) if unicodedata.east_asian_width(chr(c)) in "WF" and unicodedata.category(chr(c)) not in ("Cn", "Mn", "Me", "Cf")]
print(",".join(map(str, wide)))`;
  const { stdout } = await new Deno.Command(jupyterPython(), { args: ["-c", script] }).output();
  const wide = new TextDecoder().decode(stdout).trim().split(",").map(Number);
  assert.ok(wide.length > 50_000);
  assert.deepEqual(wide.filter((c) => textWidth(String.fromCodePoint(c)) < 2).map((c) => c.toString(16)), []);
});

Deno.test("fitText() cuts at whole characters and says so, terminalText() keeps a text on its line", () => {
  assert.equal(fitText("hellaswag", 9), "hellaswag");
  assert.equal(fitText("hellaswag", 5), "hell…");
  assert.equal(fitText("漢字モデル", 6), "漢字…");
  assert.equal(fitText("a b c", 4), "a b…");
  assert.equal(fitText("abc", 0), "");
  assert.equal(terminalText("a\r\n\x1b[2Jb\u2028c\x9bd"), "a [2Jb c d");
});
