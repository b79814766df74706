import assert from "node:assert/strict";
import { progressLine } from "../../lib/progress/line.ts";
import type { ProgressState } from "../../lib/progress/state.ts";
import { lineSink, terminalSink } from "../../lib/progress.ts";
import { textWidth } from "../../lib/progress/width.ts";

const state: ProgressState = {
  label: "hellaswag, llama fp32",
  done: 6,
  total: 24,
  note: "row 6",
  elapsedMs: 10_000,
  ended: false,
  nested: false,
};
const nested: ProgressState = { ...state, nested: true, within: ["Tasks 3/8"] };

Deno.test("a line has what there is room for, the least important left out first, by hand", () => {
  const at = (columns: number, of = nested) => progressLine(of, columns);
  assert.equal(
    at(100),
    "[######------------------] Tasks 3/8 > hellaswag, llama fp32 6/24, row 6, 0:10, 0:30 left",
  );
  assert.equal(at(80), "[###---------] Tasks 3/8 > hellaswag, llama fp32 6/24, row 6, 0:10, 0:30 left");
  assert.equal(at(70), "Tasks 3/8 > hellaswag, llama fp32 6/24, row 6, 0:10, 0:30 left");
  assert.equal(at(60), "Tasks 3/8 > hellaswag, llama fp32 6/24, 0:10, 0:30 left");
  assert.equal(at(50), "Tasks 3/8 > hellaswag, llama fp32 6/24, 0:30 left");
  assert.equal(at(46), "Tasks 3/8 > hellaswag, llama… 6/24, 0:30 left");
  assert.equal(at(43), "hellaswag, llama fp32 6/24, 0:10, 0:30 left");
  assert.equal(at(40), "hellaswag, llama fp32 6/24, 0:30 left");
  assert.equal(at(36), "hellaswag, llama fp… 6/24, 0:30 left");
  assert.equal(at(27), "hellaswag, llama fp32 6/24");
  assert.equal(at(20), "hellaswag, lla… 6/24");
  assert.equal(at(9), "6/24");
  assert.equal(at(3), "6/…");
  const long = { ...state, note: "block 3, warming up a model with a long name" };
  assert.equal(at(70, long), "hellaswag, llama fp32 6/24, block 3, warming up a mo…, 0:10, 0:30 left");
  assert.equal(at(40, { ...state, done: 24, ended: true }), "hellaswag, llama… 24/24, done after 0:10");
});

Deno.test("no line is ever wider than its terminal, whatever the texts", () => {
  const texts = [
    "",
    "int4",
    "漢字モデル".repeat(9),
    "ünïcödé ",
    "🙂👨‍👩‍👧‍👦🇩🇪".repeat(5),
    "x".repeat(300),
    "a\x1b[31mb\r\nc\td",
  ];
  for (const label of texts) {
    for (const note of texts) {
      for (let columns = 0; columns <= 130; columns += 7) {
        for (const over of [{}, { ended: true }, { total: 0 }, { nested: true, within: [label, note] }, { done: 99 }]) {
          const line = progressLine({ ...state, label, note, ...over }, columns);
          assert.ok(textWidth(line) <= columns, `${textWidth(line)} of ${columns}: ${line}`);
          assert.doesNotMatch(line, /\p{Cc}/u);
        }
      }
    }
  }
});

Deno.test("terminalSink() asks for the width at every drawing, and leaves the last column free", () => {
  let out = "", columns = 80;
  const sink = terminalSink((text) => out += text, () => columns);
  for (columns of [80, 41, 5]) sink.draw(nested);
  const widths = out.split("\r\x1b[2K").slice(1).map(textWidth);
  assert.deepEqual(widths, [77, 37, 4]);
});

Deno.test("lineSink() writes nested work in one line, and no empty line at its end", () => {
  const lines: string[] = [];
  const sink = lineSink((text) => lines.push(text));
  sink.draw(nested);
  sink.draw({ ...nested, done: 24, ended: true });
  sink.draw({ ...state, label: "a\x1b[2J\nb", ended: true });
  assert.deepEqual(lines, [
    "Tasks 3/8 > hellaswag, llama fp32 6/24, row 6, 0:10, 0:30 left\n",
    "a [2J b 6/24, stopped after 0:10\n",
  ]);
});
