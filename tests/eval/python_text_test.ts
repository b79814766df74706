// Expected values: CPython 3.12's str.strip, str.capitalize and len.
import assert from "node:assert/strict";
import { capitalize, codePoints, strip, utf8Bytes } from "../../lib/eval/python_text.ts";

Deno.test("strip() takes what Python calls white space, and leaves U+FEFF and U+200B", () => {
  assert.equal(strip("\x1c\x1d\x1e\x1f \t\n\v\f\r\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000x\u3000"), "x");
  assert.equal(strip("\ufeff x \u200b"), "\ufeff x \u200b");
  assert.equal(strip(" \n "), "");
});

Deno.test("capitalize() lowers the rest and gives the first character its title form", () => {
  assert.equal(capitalize("he IS There."), "He is there.");
  assert.equal(capitalize(""), "");
  assert.equal(capitalize(" abc"), " abc");
  assert.equal(capitalize("ßA"), "Ssa");
  assert.equal(capitalize("ﬁn"), "Fin");
  assert.equal(capitalize("ǆA"), "ǅa");
  assert.equal(capitalize("éA"), "Éa");
  assert.equal(capitalize("𐐨𐐀"), "𐐀𐐨");
  assert.equal(capitalize("ΑΣ"), "Ας");
});

Deno.test("codePoints() and utf8Bytes() count as Python's len of text and of its bytes", () => {
  assert.equal(codePoints("aé𝒳"), 3);
  assert.equal(utf8Bytes("aé𝒳"), 7);
});
