import assert from "node:assert/strict";
import { archDiagram } from "../../lib/view/arch_diagram.ts";
import { tinySpec } from "../model/tiny_spec.ts";

Deno.test("archDiagram() draws every block, says the same in words, and escapes names", () => {
  const { bundle } = archDiagram(tinySpec({ name: '<img src="x">' }, 8));
  assert.match(bundle["text/plain"], /3 x attention, 4 heads of 16, 2 of keys, window 8; SwiGLU 96/);
  assert.match(bundle["text/plain"], /109 k parameters, 3 layers of 64, context 64/);
  const svg = bundle["text/html"]!;
  assert.ok(!svg.includes("<img"));
  assert.equal(svg.match(/attention, 4 heads/g)!.length, 1, "a repeated layer is drawn once");
  assert.match(svg, /3 ×/);
});
