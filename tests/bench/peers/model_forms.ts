/** A model in the forms that the peers read, each made once from the GGUF that `task setup` fetched: `.cache/peers/REF`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openGguf } from "../../../lib/arch/gguf_file.ts";
import { exportModel } from "../../../lib/model/export.ts";
import { tokenizerFromGguf } from "../../../lib/model/gguf_tokenizer.ts";
import { openTokenizer, type Tokenizer, type TokenizerFile } from "../../../lib/model/tokenizer.ts";
import { folder, installNpm, installPython, once, run, script, venvPython } from "./environment.ts";
import { type BenchModel, ggufPath } from "./models.ts";

async function readTokenizerFile(model: BenchModel): Promise<TokenizerFile> {
  const path = ggufPath(model);
  return tokenizerFromGguf((await openGguf(path)).metadata, path);
}

/** The GGUF's own tokenizer, as the library rebuilds it. */
export async function readTokenizer(model: BenchModel): Promise<Tokenizer> {
  const file = await readTokenizerFile(model);
  return openTokenizer(() => file);
}

/**
 * A Hugging Face folder with the GGUF's numbers as float32. Its tokenizer is the library's (equal to llama.cpp's in the
 * golden texts): transformers' own reading of a GGUF leaves out that digits are split one by one.
 */
export async function makeHfFolder(model: BenchModel): Promise<string> {
  await installPython();
  const maker = script("make_hf_folder.py"), into = join(model.ref, "hf");
  return once(into, [maker, script("model_forms.ts")], async () => {
    await run("make the Hugging Face folder", [venvPython, maker, ggufPath(model), folder(into)]);
    await writeTokenizer(model, folder(into));
  });
}

/** The library's tokenizer for transformers, which reads it as it stands: that a BOS comes first is a step of it there. */
async function writeTokenizer(model: BenchModel, into: string): Promise<void> {
  const { tokenizer, bosId, addsBos } = await readTokenizerFile(model), config = join(into, "tokenizer_config.json");
  const names: Record<string, unknown> = JSON.parse(await readFile(config, "utf8")), bos = String(names.bos_token);
  const piece = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const behindBos = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: bos, type_id: 0 } }, piece("A")],
    pair: [{ SpecialToken: { id: bos, type_id: 0 } }, piece("A"), piece("B")],
    special_tokens: { [bos]: { id: bos, ids: [bosId], tokens: [bos] } },
  };
  const file = addsBos ? { ...tokenizer, post_processor: behindBos } : tokenizer;
  await writeFile(join(into, "tokenizer.json"), JSON.stringify(file));
  await writeFile(config, JSON.stringify({ ...names, tokenizer_class: "PreTrainedTokenizerFast" }));
}

/** The graph that onnxruntime-genai's own builder makes. */
export async function makeGenaiFolder(model: BenchModel, precision: "fp32" | "int4"): Promise<string> {
  const hf = await makeHfFolder(model),
    into = join(model.ref, `genai_${precision}`),
    builder = script("build_genai.py");
  const command = [
    ...[venvPython, builder, "-i", hf, "-o", folder(into), "-p", precision],
    ...["-e", "cpu", "-c", folder("builder"), "--extra_options", "hf_token=false"],
  ];
  return once(into, [builder], () => run(`build genai's ${precision} graph`, command));
}

const exported = new Map<string, Promise<string>>();

/** Our own graph as onnxruntime-genai opens it, written once in each run of the bench: it changes with the library. */
export function makeExportedFolder({ ref }: BenchModel, precision: "fp32" | "int4"): Promise<string> {
  const into = join(ref, `exported_${precision}`), known = exported.get(into);
  if (known) return known;
  const made = installPython()
    .then(() => exportModel({ ref, precision }, folder(into)))
    .then((result) => result.folder);
  exported.set(into, made);
  return made;
}

/** genai's fp32 graph as transformers.js opens it. */
export async function makeTransformersJsFolder(model: BenchModel): Promise<string> {
  await installNpm();
  const genai = await makeGenaiFolder(model, "fp32"), hf = await makeHfFolder(model);
  const maker = script("make_transformers_js_folder.py"), into = join(model.ref, "transformers_js");
  const command = [venvPython, maker, hf, genai, folder(into)];
  return once(into, [maker], () => run("make the folder of transformers.js", command));
}
