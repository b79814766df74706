/** A weights source out of safetensors files, all of whose names and shapes are checked before one is read. */
import { basename } from "node:path";
import type { Parameter } from "../blocks/block.ts";
import { layerParameters, modelParameters } from "../blocks/layer.ts";
import { isRead, READ_DTYPES, readTensor, type Safetensors } from "../safetensors.ts";
import type { ArchSpec } from "../spec.ts";
import type { WeightSource } from "../weight_source.ts";
import { familyOf, modelTypes } from "./families.ts";
import type { HfFamily, Recipes } from "./family.ts";
import { type Recipe, tensor } from "./recipe.ts";

type Names = Pick<HfFamily, "layers" | "model" | "layer" | "original" | "unused">;

/** Our own names: "embedding", "finalNorm", ..., "layers.0.q", ... */
const OWN_NAMES: Names = {
  layers: "layers.",
  model: (spec) => Object.fromEntries(modelParameters(spec).map(({ name }) => [name, name])),
  layer: (layer, spec) => Object.fromEntries(layerParameters(spec, layer).map(({ name }) => [name, name])),
};

/** Differences of a kind that a message shows: where a wrong family was taken, all tensors differ. */
const SHOWN = 8;

/**
 * The weights of a spec, by our own names or by those of its family.
 *
 * @throws {SyntaxError} Listing the tensors that are missing, of another shape, or of no use to the architecture.
 * @throws {TypeError} If the names are not ours and the spec's family has none.
 */
export function safetensorsWeights(file: Safetensors, spec: ArchSpec): WeightSource {
  const names = namesOf(file, spec), inFile = placeOf(file, spec, names);
  const model = recipes(modelParameters(spec), names.model(spec), "");
  const layers = new Map(spec.layers.map((layer, i) => {
    const index = layer.weightsLayer ?? i;
    return [index, recipes(layerParameters(spec, layer), names.layer(layer, spec), `${names.layers}${index}.`)];
  }));
  checkTensors(file, names, spec, inFile, [model, ...layers.values()].flatMap((part) => [...part.values()]));

  const make = async ({ parameter: { name, rows, cols }, recipe, prefix }: Made) => {
    const values = await recipe.make((tensor) => readTensor(file, inFile(prefix + tensor)));
    if (values.length === rows * cols) return { rows, cols, values };
    throw new TypeError(`The recipe of ${name} gives ${values.length} numbers, not ${rows} x ${cols}`);
  };
  return {
    label: basename(file.path),
    storedAs: storedAs(file),
    model: (name) => make(model.get(name)!),
    layer: (index, name) => make(layers.get(index)!.get(name)!),
    form: () => null,
  };
}

/** The format of most of the file's bytes, e.g. "BF16". */
export function storedAs({ tensors }: Safetensors): string {
  const bytes = new Map<string, number>();
  for (const t of tensors.values()) bytes.set(t.dtype, (bytes.get(t.dtype) ?? 0) + t.bytes);
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "F32";
}

/**
 * The embedding and the head as a file calls them, whether it has them or not.
 *
 * @throws {TypeError} If the names are not ours and the spec's family has none.
 */
export function headNames(file: Safetensors, spec: ArchSpec): { embedding: string; head: string } {
  const names = namesOf(file, spec), inFile = spellingOf(file, spec, names);
  const { embedding, head } = names.model({ ...spec, tiedHead: false });
  return { embedding: inFile(embedding as string), head: inFile(head as string) };
}

function namesOf(file: Safetensors, { name, family }: ArchSpec): Names {
  if (file.tensors.has("embedding")) return OWN_NAMES;
  const names = family === undefined ? null : familyOf(family);
  if (names) return names;
  throw new TypeError(
    `Cannot use the weights of ${file.path} for ${name}: they have not Archbench's own names ("embedding", "layers.0.q", ` +
      `...), and the names of family ${JSON.stringify(family)} are not known; there are: ${modelTypes().join(", ")}`,
  );
}

/** A parameter, and how it is made of tensors whose names start with `prefix`. */
interface Made {
  parameter: Parameter;
  recipe: Recipe;
  prefix: string;
}

function recipes(parameters: Parameter[], given: Recipes, prefix: string): Map<string, Made> {
  return new Map(parameters.map((parameter) => {
    const recipe = given[parameter.name];
    if (recipe === undefined) {
      throw new TypeError(`The family's weights have no tensor for ${prefix}${parameter.name} of this architecture`);
    }
    return [parameter.name, {
      parameter,
      recipe: typeof recipe === "string" ? tensor(recipe, ...shapeOf(parameter)) : recipe,
      prefix,
    }];
  }));
}

function shapeOf({ role, rows, cols }: Parameter): number[] {
  return role === "vector" && rows === 1 ? [cols] : [rows, cols];
}

/**
 * How a file spells the family's names. Files of the bare model, without its head, leave "model." (or what the family says
 * for it) out of all names; files by the authors may have other ones.
 */
function spellingOf(
  { tensors }: Safetensors,
  spec: ArchSpec,
  { layers, model, original }: Names,
): (name: string) => string {
  const { embedding } = model(spec);
  if (original && typeof embedding === "string" && tensors.has(original(embedding))) return original;
  const prefix = layers.slice(0, layers.indexOf(".") + 1), bare = layers.slice(prefix.length);
  const any = (start: string) => [...tensors.keys()].some((name) => name.startsWith(start));
  if (any(prefix) || !any(bare)) return (name) => name;
  return (name) => name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Where a file has a tensor. A file may have the one matrix of a tied head and embedding under the head's name alone. */
function placeOf(file: Safetensors, spec: ArchSpec, names: Names): (name: string) => string {
  const inFile = spellingOf(file, spec, names), { embedding, head } = headNames(file, spec);
  if (!spec.tiedHead || file.tensors.has(embedding) || !file.tensors.has(head)) return inFile;
  return (name) => inFile(name) === embedding ? head : inFile(name);
}

function checkTensors(
  { path, tensors }: Safetensors,
  names: Names,
  spec: ArchSpec,
  inFile: (name: string) => string,
  made: Made[],
): void {
  const needed = new Map(
    made.flatMap(({ recipe, prefix }) => [...recipe.tensors].map(([name, shape]) => [inFile(prefix + name), shape])),
  );
  const missing: string[] = [], misshaped: string[] = [], unread: string[] = [];
  for (const [name, shape] of needed) {
    const stored = tensors.get(name);
    if (!stored) missing.push(`${name} [${shape}]`);
    else if (String(stored.shape) !== String(shape)) misshaped.push(`${name} [${stored.shape}], must be [${shape}]`);
    else if (!isRead(stored.dtype)) unread.push(`${name} in ${stored.dtype}`);
  }
  // A tied head is the embedding, and so is what stands in its own tensor (tied_head.ts).
  const head = spec.tiedHead ? inFile(String(names.model({ ...spec, tiedHead: false }).head)) : undefined;
  const extra = [...tensors].filter(([name]) => !needed.has(name) && name !== head && !names.unused?.test(name));
  const parts = [
    ["missing", missing],
    ["of another shape", misshaped],
    [`in numbers that are not read (${READ_DTYPES.join(", ")} are)`, unread],
    ["of no use to the architecture", extra.map(([name, { shape }]) => `${name} [${shape}]`)],
  ] as const;
  const found = parts.filter(([, list]) => list.length > 0);
  if (found.length === 0) return;
  const lines = found.map(([what, list]) =>
    `${what}: ${list.slice(0, SHOWN).join("; ")}${list.length > SHOWN ? `; and ${list.length - SHOWN} more` : ""}`
  );
  throw new SyntaxError(`Cannot use the weights of ${path} for ${spec.name}. Tensors ${lines.join(". Tensors ")}`);
}
