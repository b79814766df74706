import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { findNotebooks, makeReport } from "../../lib/report/main.ts";
import { paramsOf } from "../../lib/report/params.ts";
import { makeNotebook, testFolder } from "./make_notebook.ts";

const CELL = 'const params = {\n  rounds: 20, // of each setting\n  names: ["a"],\n  "label": "x",\n  drift: -0.5,\n};';

Deno.test("a parameter that the notebook does not take is refused before anything runs, with what was meant", async () => {
  const folder = await testFolder();
  try {
    const one = await makeNotebook(folder, "one", [{ code: CELL, tags: ["parameters"] }]);
    const plain = await makeNotebook(folder, "plain", [{ code: "1" }]);
    const odd = await makeNotebook(folder, "odd", [{ code: "const params = load();", tags: ["parameters"] }]);
    const refused: [string[], Record<string, unknown>, RegExp][] = [
      [
        [one],
        { round: 40 },
        /one: unknown parameter "round"; did you mean "rounds"\? There are: rounds, names, label, drift/,
      ],
      [[one, plain], { rounds: 2, nmaes: [] }, /one, plain: unknown parameter "nmaes"; did you mean "names"\?/],
      [[plain], { rounds: 2 }, /plain with "rounds": it takes no parameters/],
      [[odd], { rounds: 2 }, /odd\.ipynb: its cell tagged "parameters" must say const params = \{/],
      [[one], { rounds: "40" }, /parameter rounds must be a number, as in the notebook, got "40"/],
      [[one], { rounds: null }, /parameter rounds must be a number, as in the notebook, got null/],
      [[one], { names: "a" }, /parameter names must be a list, as in the notebook, got "a"/],
    ];
    for (const [paths, params, message] of refused) await assert.rejects(paramsOf(paths, params), message);
    await assert.rejects(
      makeReport({ notebooks: [one], out: `${folder}/index.html`, params: { round: 4 } }),
      /"rounds"/,
    );
    assert.deepEqual(await paramsOf([one, plain], { rounds: 3, drift: 1 }), [{ rounds: 3, drift: 1 }, {}]);
    assert.deepEqual(await paramsOf([odd], {}), [{}]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("the parameters of every committed notebook can be read", async () => {
  for (const path of await findNotebooks([])) {
    await assert.rejects(paramsOf([path], { "": 1 }), /There are|there are: \w/);
  }
});
