/** Configurations of published models (tests/golden/zoo_parameters.json), in the spellings of their own config.json. */
import assert from "node:assert/strict";
import { HfConfig } from "../../../lib/arch/hf/config.ts";
import { familyOf } from "../../../lib/arch/hf/families.ts";
import { specOfConfig } from "../../../lib/arch/hf/folder.ts";
import type { ArchSpec } from "../../../lib/arch/spec.ts";
import { validateSpec } from "../../../lib/arch/validate.ts";
import { zoo, zooNames } from "../../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../../lib/cost/bytes.ts";
import golden from "../../golden/zoo_parameters.json" with { type: "json" };

interface Published {
  name: string;
  config: Record<string, unknown> & { model_type: string };
  parameters: number;
}

/** Their configurations spell out what a spec leaves to its defaults. */
const SPELLED_OUT = ["deepseek_v2", "mamba2", "lfm2"];

const models = (golden.models as Published[]).filter(({ config }) => familyOf(config.model_type));
/** The file has the fields that parameters depend on; these are needed besides. */
const REST = { max_position_embeddings: 128000 };

Deno.test("configurations of published models are read as specs with their parameters", () => {
  assert.ok(models.length > 50, `only ${models.length}`);
  for (const { name, config, parameters } of models) {
    const spec = specOfConfig(new HfConfig(name, { ...REST, ...config }), name);
    validateSpec(spec);
    assert.equal(parameterCount(spec), parameters, name);
  }
});

Deno.test("a published configuration and the zoo, which were written apart, describe the same architecture", () => {
  const known = models.filter(({ name, config }) =>
    zooNames().includes(name) && !SPELLED_OUT.includes(config.model_type)
  );
  assert.ok(known.length > 40, `only ${known.length}`);
  for (const { name, config } of known) {
    assert.deepEqual(withoutUsualScale(specOfConfig(new HfConfig(name, config), name)), withoutUsualScale(zoo(name)));
  }
});

/** The zoo spells out the scale of scores also where it is headDim ** -0.5 anyway. */
function withoutUsualScale(spec: ArchSpec): ArchSpec {
  for (const { mixer } of spec.layers) {
    if (mixer.kind === "attention" && mixer.scale === mixer.headDim ** -0.5) delete mixer.scale;
  }
  return spec;
}
