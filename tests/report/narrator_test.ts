import assert from "node:assert/strict";
import { textWidth } from "../../lib/progress.ts";
import { Narrator } from "../../lib/report/narrator.ts";

function narrator(terminal: boolean, columns = 60) {
  const clock = { ms: 0 }, written: string[] = [];
  const it = new Narrator((text) => written.push(text), { terminal, columns: () => columns, now: () => clock.ms });
  it.tell("01_compare", { event: "cell", name: "compare", number: 5, total: 11 });
  return { it, clock, written };
}

Deno.test("the line of a cell never exceeds the terminal, and its end is a line that stays", () => {
  const { it, written } = narrator(true);
  it.tell("01_compare", { event: "progress", text: "Tasks 1/4 > hellaswag, int4 (from Q4_1) 12/100, 0:10, 1:24 left" });
  it.tell("01_compare", { event: "done", name: "compare", seconds: 12.34 });
  assert.deepEqual(written, [
    "\r\x1b[2K01_compare  5/11  compare",
    "\r\x1b[2K01_compare  5/11  compare  Tasks 1/4 > hellaswag, int4 (fr…",
    "\r\x1b[2K01_compare  5/11  compare  12.3 s\n",
  ]);
  for (const text of written) assert.ok(textWidth(text.replace("\r\x1b[2K", "").trim()) < 60);
  assert.equal(it.place, "01_compare, cell compare");
});

Deno.test("a bar around another one does not hide it while it ticks", () => {
  const { it, clock, written } = narrator(true);
  const shown = () => written.at(-1)!.split("  ").at(-1);
  it.tell("01_compare", { event: "progress", text: "Tasks 0/4, 0:01", depth: 0 });
  it.tell("01_compare", { event: "progress", text: "Tasks 0/4 > rows 1/9", depth: 1 });
  it.tell("01_compare", { event: "progress", text: "Tasks 0/4, 0:02", depth: 0 });
  assert.equal(shown(), "Tasks 0/4 > rows 1/9");
  it.tell("01_compare", { event: "progress", text: "", depth: 1 }); // it has ended
  it.tell("01_compare", { event: "progress", text: "Tasks 1/4, 0:03", depth: 0 });
  assert.equal(shown(), "Tasks 1/4, 0:03");
  it.tell("01_compare", { event: "progress", text: "Tasks 1/4 > rows 2/9", depth: 1 });
  clock.ms = 3000; // it ended without a word
  it.tell("01_compare", { event: "progress", text: "Tasks 2/4, 0:06", depth: 0 });
  assert.equal(shown(), "Tasks 2/4, 0:06");
});

Deno.test("a log has a line now and then, and every cell's end", () => {
  const { it, clock, written } = narrator(false, 20);
  for (clock.ms = 1000; clock.ms <= 40_000; clock.ms += 1000) {
    it.tell("01_compare", { event: "progress", text: `rows ${clock.ms / 1000}/60\x1b[2J` });
  }
  it.tell("01_compare", { event: "done", name: "compare", seconds: 41 });
  assert.deepEqual(written, [
    "01_compare  5/11  compare  rows 15/60 [2J\n",
    "01_compare  5/11  compare  rows 30/60 [2J\n",
    "01_compare  5/11  compare  41.0 s\n",
  ]);
});
