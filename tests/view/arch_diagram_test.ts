import assert from "node:assert/strict";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
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

Deno.test("archDiagram() names RWKV's mixers of tokens and of channels", () => {
  const { bundle } = archDiagram(zoo("rwkv-6-1.6b"));
  assert.match(bundle["text/plain"], /24 x RWKV-6, 32 heads of 64; RWKV channel mix 7,168/);
  assert.match(bundle["text/plain"], /1\.60 B parameters, 24 layers of 2048/);
  assert.match(bundle["text/html"]!, /RWKV channel mix/);
});

Deno.test("archDiagram() of several specs is one view, a picture and a text for each", () => {
  const { bundle } = archDiagram(tinySpec({ name: "first" }), tinySpec({ name: "second" }));
  assert.match(bundle["text/plain"], /^first: .*\n\nsecond: /s);
  assert.deepEqual(bundle["text/html"]!.match(/aria-label="\w+/g), ['aria-label="first', 'aria-label="second']);
  assert.match(bundle["text/html"]!, /flex-wrap:wrap/);
});
