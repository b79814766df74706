import assert from "node:assert/strict";
import { Check } from "../../lib/check/check.ts";
import { suggestion } from "../../lib/check/nearest.ts";
import { byField, byKind, names, object, type ObjectRule, optional } from "../../lib/check/objects.ts";
import { withDefaults } from "../../lib/check/options.ts";
import * as rules from "../../lib/check/rules.ts";
import { flag, integer, list, oneOf, quantity, type Rule, text, word } from "../../lib/check/rules.ts";

const check = new Check("Cannot draw");
const refuse = <V>(rule: Rule<V>, value: unknown, message: string, name = "TypeError") =>
  assert.throws(() => rule(check, "", value), { name, message: `Cannot draw: ${message}` });
const pass = <V>(rule: Rule<V>, value: unknown) => rule(check, "", value);
/** A rule as that of the field `n`. */
const asField = <V>(rule: Rule<V>): ObjectRule<{ n?: V }> =>
  object<{ n?: V }>({ n: optional(rule) } as unknown as Parameters<typeof object<{ n?: V }>>[0]);

Deno.test("an object has its fields and no others, whatever they are called", () => {
  const rule = object<{ seed?: number; stop: string[] }>({ seed: optional(integer()), stop: list(word) });
  pass(rule, { stop: [] });
  pass(rule, { stop: ["a"], seed: undefined }); // undefined is absent
  pass(rule, Object.assign(Object.create(null), { stop: [] }));
  const there = "There are: seed, stop", known = "there are: seed, stop";
  refuse(rule, { stop: [], sed: 1 }, `unknown option "sed"; did you mean "seed"? ${there}`);
  refuse(rule, { stop: [], sed: undefined }, `unknown option "sed"; did you mean "seed"? ${there}`);
  refuse(rule, { stop: [], [Symbol("seed")]: 1 }, `unknown option "Symbol(seed)"; ${known}`);
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    refuse(rule, JSON.parse(`{"stop": [], "${name}": 1}`), `unknown option "${name}"; ${known}`);
  }
  refuse(rule, { seed: 1 }, "stop is missing");
  refuse(rule, { stop: undefined }, "stop is missing");
  refuse(rule, { sed: 1 }, `unknown option "sed"; did you mean "seed"? ${there}`); // before what is missing
  refuse(rule, { stop: [""] }, "stop[0] must not be empty", "RangeError");
  for (
    const [value, got] of [[[], "[]"], ["x", '"x"'], [null, "null"], [new Map(), "an instance of Map"], [
      () => {},
      "a function",
    ]]
  ) {
    refuse(rule, value, `the options must be an object, got ${got}`);
  }
  refuse(rule, Object.create({ stop: [] }), "the options must be an object, got an instance of Object"); // inherited
});

Deno.test("a name that belongs further inside is shown there", () => {
  const setting = object<{ tokens: number }>({ tokens: integer() });
  const rule = object<{ settings?: { tokens: number }[]; tasks?: Record<string, { limit?: number }> }>({
    settings: optional(list(setting)),
    tasks: optional(names(object<{ limit?: number }>({ limit: optional(integer()) }), "options")),
  });
  refuse(rule, { tokens: 4 }, 'unknown option "tokens"; it belongs into settings: [{ tokens }]');
  refuse(rule, { limit: 4 }, 'unknown option "limit"; it belongs into tasks: { name: { limit } }');
  refuse(
    rule,
    { settings: [{ tokens: 1 }, { token: 1 }] },
    'unknown option "settings[1].token"; did you mean "tokens"? There are: tokens',
  );
});

Deno.test("numbers: whole ones, bounds, NaN and Infinity", () => {
  const say = (rule: Rule<number>, value: unknown, message: string, name?: string) =>
    refuse(asField(rule), { n: value }, `n must be ${message}`, name);
  const count = integer({ min: 1, max: 1024 });
  for (const n of [1, 1024]) pass(count, n);
  for (const n of [0, -1, 1.5, NaN, -Infinity]) say(count, n, `an integer >= 1, got ${n}`, "RangeError");
  for (const n of [1025, 1e18, 1e300]) say(count, n, `at most 1024, got ${n}`, "RangeError");
  say(count, Infinity, "an integer >= 1, got Infinity", "RangeError");
  for (const [n, got] of [["1", '"1"'], [1n, "1n"], [null, "null"], [[1], "[1]"]]) {
    say(count, n, `an integer >= 1, got ${got}`);
  }
  const share = quantity({ above: 0, max: 1 });
  for (const n of [Number.MIN_VALUE, 1]) pass(share, n);
  for (const n of [0, 1.01, NaN, Infinity]) say(share, n, `a number above 0 and at most 1, got ${n}`, "RangeError");
  pass(quantity({ above: 0, infinite: true }), Infinity);
  say(quantity(), Infinity, "a finite number, got Infinity", "RangeError");
  say(quantity({ min: 64, max: 4096 }), 8, "a number from 64 to 4096, got 8", "RangeError");
  say(quantity({ above: 0, below: 1 }), 1, "a number between 0 and 1, got 1", "RangeError");
});

Deno.test("one of some words, with the near one; long and far words suggest nothing", () => {
  const rule = asField(oneOf("tree", "batch", "strict"));
  pass(rule, { n: "tree" });
  refuse(rule, { n: "trie" }, 'n is "trie"; did you mean "tree"? There are: tree, batch, strict', "RangeError");
  refuse(rule, { n: "fast" }, 'n is "fast"; there are: tree, batch, strict', "RangeError");
  refuse(rule, { n: ["tree"] }, 'n must be one of tree, batch, strict, got ["tree"]');
  assert.equal(suggestion("x".repeat(1e6), ["tree"]), "; there are: tree");
  assert.equal(suggestion("TREE", ["tree"]), '; did you mean "tree"? There are: tree');
  assert.equal(suggestion("a", []), "; there are: none");
});

Deno.test("forms of an object are told by a field that one alone has, or by its kind", () => {
  type Setting = { prompt: number; tokens: number } | { batch: number };
  const setting = byField<Setting, "prompt" | "batch">({
    prompt: object<{ prompt: number; tokens: number }>({ prompt: integer(), tokens: integer() }),
    batch: object<{ batch: number }>({ batch: integer() }),
  });
  pass(setting, { batch: 1 });
  refuse(setting, { prompt: 1 }, "tokens is missing");
  refuse(setting, { batch: 1, tokens: 2 }, 'unknown option "tokens"; there are: batch');
  refuse(setting, { promt: 1 }, 'unknown option "promt"; did you mean "prompt"? There are: prompt, tokens, batch');
  refuse(setting, { prompt: 1, batch: 2 }, "prompt and batch exclude each other; pass one of them");
  refuse(setting, { tokens: 1 }, 'the options must have one of prompt, batch, got {"tokens":1}');
  type Shape = { kind: "circle"; radius: number } | { kind: "point" };
  const shape = byKind<Shape>({ circle: { radius: integer() }, point: {} });
  pass(shape, { kind: "point" });
  refuse(
    shape,
    { kind: "circel", radius: 1 },
    'kind is "circel"; did you mean "circle"? There are: circle, point',
    "RangeError",
  );
  refuse(shape, { kind: "point", radius: 1 }, 'unknown option "radius"; there are: kind');
  refuse(shape, { radius: 1 }, "kind must be one of circle, point, got undefined");
});

Deno.test("values of the caller's own names: no list, and not one value without a name", () => {
  const model = object<{ ref: string }>({ ref: word });
  const rule = names(model, "reference", (value) => "ref" in value);
  pass(rule, { a: { ref: "x" } });
  for (
    const [value, got] of [[["x"], '["x"]'], [{ ref: "x" }, "one reference without a name"], ["x", '"x"'], [
      null,
      "null",
    ]]
  ) {
    refuse(rule, value, `the options must be by name, { name: reference }, got ${got}`);
  }
  refuse(rule, { a: { reff: "x" } }, 'unknown option "a.reff"; did you mean "ref"? There are: ref');
});

Deno.test("kinds of values are told apart, and a message shows any value", () => {
  const rule = asField(rules.byType({ number: integer(), list: list(integer()) }, "a number or a list of them"));
  pass(rule, { n: 1 });
  pass(rule, { n: [1] });
  const loop: unknown[] = [];
  loop.push(loop);
  const values: [unknown, string][] = [
    ["x", '"x"'],
    ["y".repeat(1000), `"${"y".repeat(59)}...`],
    [null, "null"],
    [{ a: 1n }, "an object"],
    [Symbol("s"), "a symbol"],
    [function named() {}, "the function named"],
    [new Date(0), "an instance of Date"],
  ];
  for (const [value, got] of values) refuse(rule, { n: value }, `n must be a number or a list of them, got ${got}`);
  refuse(asField(flag), { n: loop }, "n must be true or false, got a list");
  refuse(asField(rules.date), { n: new Date(NaN) }, "n must be a time, got an invalid Date", "RangeError");
  refuse(asField(rules.distinct(integer())), { n: [1, 2, 1] }, "n has 1 twice; list each once", "RangeError");
  refuse(asField(list(text, { max: 1 })), { n: ["a", "b"] }, "n must have at most 1 entries, got 2", "RangeError");
  refuse(asField(rules.func()), { n: 1 }, "n must be a function, got 1");
  refuse(asField(rules.withMethods("a store", "toString", "valueOf")), { n: null }, "n must be a store, got null");
  pass(asField(rules.nullable(integer())), { n: null });
});

Deno.test("withDefaults() takes an option that is undefined for one that was not given", () => {
  assert.deepEqual(withDefaults({ seeds: 3, batch: 32 }, { seeds: undefined, batch: 8, more: 1 }), {
    seeds: 3,
    batch: 8,
    more: 1,
  });
});

/** Never run: it is enough that its types are checked. */
export function typesOfTables() {
  type Mode = "tree" | "batch";
  interface Options {
    mode?: Mode;
    seed: number;
  }
  const seed = integer(), mode = optional(oneOf("tree", "batch"));
  object<Options>({ mode, seed });
  // @ts-expect-error a field without a rule
  object<Options>({ seed });
  // @ts-expect-error a rule without a field
  object<Options>({ mode, seed, more: seed });
  // @ts-expect-error a rule for another type
  object<Options>({ mode, seed: text });
  // @ts-expect-error a value that the type has is forgotten
  object<Options>({ mode: optional(oneOf("tree")), seed });
  // @ts-expect-error a value that the type lacks
  object<Options>({ mode: optional(oneOf("tree", "batch", "strict")), seed });
  // @ts-expect-error a field that must be there cannot be left out
  object<Options>({ mode, seed: optional(seed) });
  // @ts-expect-error one that can be left out must not be asked for
  object<Options>({ mode: oneOf("tree", "batch"), seed });
  // @ts-expect-error a form of the union is forgotten
  const form: Rule<{ a: number } | { b: number }> = byField<{ a: number } | { b: number }, "a">({
    a: object<{ a: number }>({ a: seed }),
  });
  return form;
}
