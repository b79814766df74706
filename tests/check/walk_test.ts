import assert from "node:assert/strict";
import * as archbench from "../../lib/mod.ts";
import { LanguageModel } from "../../lib/model/language_model.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { evalResult } from "../view/fake_comparison.ts";
import { FUNCTIONS, PLAIN, WITHOUT_OPTIONS } from "./exports/exports.ts";
import { methods } from "./exports/methods.ts";
import type { Parameter } from "./exports/parameter.ts";
import { misspelt, placesOf } from "./walk.ts";

class Odd {}
const ODD_VALUES = [new Odd(), NaN, null];

/** What a call throws or rejects with; null if it goes through. */
async function errorOf(call: (value: never) => unknown, value: unknown): Promise<Error | null> {
  try {
    await call(value as never);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** No process can be started, nothing written or fetched: a call that tries to fails otherwise than it should. */
const NOTHING_STARTS: Deno.PermissionOptions = {
  read: true,
  env: true,
  sys: true,
  ffi: true,
  run: false,
  write: false,
  net: false,
};

function refused(error: Error | null, word: string, what: string): void {
  assert.ok(error instanceof TypeError || error instanceof RangeError, `${what}: ${error?.stack ?? "went through"}`);
  assert.ok(error.message.includes(word), `${what}: ${error.message}`);
}

async function eachParameter(work: (name: string, parameter: Parameter) => Promise<void>): Promise<number> {
  const model = await archbench.openModel(tinySpec(), { graphs: [] });
  const all = { ...FUNCTIONS, ...methods(model) };
  try {
    for (const [name, parameters] of Object.entries(all)) {
      for (const one of parameters) await work(`${name}, ${one.name}`, one);
    }
  } finally {
    await model.close();
  }
  return Object.keys(all).length;
}

Deno.test({
  name: "every field of every export with one letter changed is refused by its name, before anything starts",
  permissions: NOTHING_STARTS,
  fn: async () => {
    let fields = 0;
    const functions = await eachParameter(async (name, { rule, call }) => {
      for (const place of placesOf(rule)) {
        const wrong = misspelt(place.name, place.known);
        refused(await errorOf(call, place.put(wrong, 1)), wrong, `${name}, ${place.name}`);
        fields++;
      }
    });
    console.log(`${functions} functions and methods refuse ${fields} misspelt fields by name`);
    assert.ok(functions >= 70 && fields >= 1500, `the walk found too little: ${functions} functions, ${fields} fields`);
  },
});

Deno.test({
  name: "a value of a wrong kind, NaN and null are refused by the field's name in every export",
  permissions: NOTHING_STARTS,
  fn: async () => {
    let values = 0;
    await eachParameter(async (name, { rule, call }) => {
      for (const { name: field, put, nullable, isTold } of placesOf(rule)) {
        if (!isTold) continue; // another field says of which form it is
        for (const value of ODD_VALUES) {
          if (value === null && nullable) continue;
          refused(await errorOf(call, put(field, value)), field, `${name}, ${field}: ${String(value)}`);
          values++;
        }
      }
    });
    console.log(`${values} values refused`);
  },
});

Deno.test({
  name: "options that are no plain object are refused in every export",
  permissions: NOTHING_STARTS,
  fn: async () => {
    await eachParameter(async (name, { call }) => {
      for (const value of [[1], 7, true, () => {}, null, new Map(), new Odd()]) {
        refused(await errorOf(call, value), "must", `${name}: ${String(value)}`);
      }
    });
  },
});

Deno.test({
  name: "where names are wanted, a list and one value alone are refused",
  permissions: NOTHING_STARTS,
  fn: async () => {
    const tiny = tinySpec(), ref = { ref: tiny, precision: "int4" }, one = evalResult("mmlu", "acc", 0.5, []);
    const divergence = { meanKl: {}, tokens: 4 }, chapter = { samples: [], meanMs: 1 };
    const calls: [keyof typeof archbench, unknown[], unknown[]][] = [
      ["compareArchitectures", [tiny, ref], [{ throughput: [{ promptTokens: 4, newTokens: 4 }], store: null }]],
      ["measureRounds", [tiny, ref], [[{ promptTokens: 4, newTokens: 4 }]]],
      ["measureScaling", [tiny, ref], [{ lengths: [4, 8, 16] }]],
      ["positionCurve", [tiny, ref], [{ length: 8 }]],
      ["trainSiblings", [tiny], [{ task: { kind: "mqar" }, tokens: 1e6 }]],
      ["costTable", [tiny], []],
      ["trainingCostTable", [tiny], [{ task: { kind: "mqar" }, tokens: 1e6 }]],
      ...(["evalTable", "evalPlot", "programsTable", "groupsTable"] as const)
        .map((name): [typeof name, unknown[], unknown[]] => [name, [one], []]),
      ["compareQuality", [{ a: one }], []],
      ["divergenceTable", [divergence], []],
      ["chapterTable", [chapter], []],
      ["requestPlot", [chapter], []],
    ];
    for (const [name, values, rest] of calls) {
      const call = archbench[name] as (...args: unknown[]) => unknown;
      const ask = (named: unknown) => errorOf(() => call(named, ...rest), null);
      for (const value of [...values, values, "smollm2-135m", null, 7]) {
        refused(await ask(value), "must be by name", `${name}: ${JSON.stringify(value)}`);
      }
    }
  },
});

Deno.test({
  name: "options of a function that has none are refused with what they say",
  permissions: NOTHING_STARTS,
  fn: async () => {
    for (const name of WITHOUT_OPTIONS) {
      const call = archbench[name] as (...args: unknown[]) => unknown;
      const first = { settings: [] }; // what defaults are read from
      refused(await errorOf(() => call(first, undefined, undefined, { lvel: 0.9 }), null), "lvel", name);
    }
    assert.deepEqual(["gpt2", "llama-7b"].map(archbench.zoo).map(archbench.parameterCount), [124439808, 6738415616]);
  },
});

Deno.test("every exported function and method stands in the table, or has no options", () => {
  const functions = Object.entries(archbench).filter(([, value]) => typeof value === "function").map(([name]) => name);
  const known = [...Object.keys(FUNCTIONS), ...WITHOUT_OPTIONS, ...PLAIN].sort();
  assert.deepEqual(functions.sort(), known);
  const classes = { LanguageModel, ...archbench }, table = Object.keys(methods({} as LanguageModel));
  const none = ["close", "logits", "info", "tokenizer", "endIds", "spec", "toJSON", "toString"];
  for (const owner of ["LanguageModel", "QualityBenchmark", "ArchitectureBenchmark"] as const) {
    const own = Object.getOwnPropertyNames(classes[owner].prototype).filter((name) => name !== "constructor");
    const left = own.filter((name) => !table.includes(`${owner}.${name}`) && !none.includes(name));
    assert.deepEqual(left, [], owner);
  }
});
