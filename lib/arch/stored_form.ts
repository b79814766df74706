/** What the files of a model's weights are: their form, their bytes, and the formats of their numbers. */
import { basename, dirname, join } from "node:path";
import { fileSize } from "./file_range.ts";
import { type GgufFile, openGguf } from "./gguf_file.ts";
import { isFile } from "./origin.ts";
import { openSafetensors } from "./safetensors.ts";

export interface StoredFormat {
  /** "Q8_0", "BF16", ... */
  format: string;
  values: number;
  bytes: number;
}

export interface StoredForm {
  form: "GGUF" | "safetensors";
  /** Names of the files. */
  files: string[];
  /** Of all files. */
  bytes: number;
  /** By what they hold, the largest first. */
  formats: StoredFormat[];
  /** Bits that a number takes on average. */
  bitsPerWeight: number;
  /** The licence that the files name, and where; null where they name none. */
  license: string | null;
  /** Characters of the chat template in the files; null: they have none. */
  chatTemplate: number | null;
}

/** @param files Those of a resolved reference: of a GGUF its shards, else .safetensors and their index. */
export async function storedForm(files: string[]): Promise<StoredForm> {
  const [first] = files;
  let bytes = 0;
  for (const file of files) bytes += await fileSize(file);
  const { form, tensors, license, chatTemplate } = await (first.endsWith(".gguf") ? ofGguf(first) : ofFolder(first));
  const formats = new Map<string, StoredFormat>();
  for (const tensor of tensors) {
    const sum = formats.get(tensor.format) ?? { format: tensor.format, values: 0, bytes: 0 };
    formats.set(tensor.format, { ...sum, values: sum.values + tensor.values, bytes: sum.bytes + tensor.bytes });
  }
  const total = (key: "values" | "bytes") => tensors.reduce((sum, tensor) => sum + tensor[key], 0);
  return {
    form,
    files: files.map((file) => basename(file)),
    bytes,
    formats: [...formats.values()].sort((a, b) => b.values - a.values),
    bitsPerWeight: 8 * total("bytes") / total("values"),
    license,
    chatTemplate,
  };
}

type Read = Pick<StoredForm, "form" | "license" | "chatTemplate"> & { tensors: StoredFormat[] };

async function ofGguf(path: string): Promise<Read> {
  const { metadata, stored }: GgufFile = await openGguf(path);
  const text = (key: string) => typeof metadata[key] === "string" ? metadata[key] as string : null;
  return {
    form: "GGUF",
    tensors: stored.map(({ type, values, bytes }) => ({ format: type.name, values, bytes })),
    license: text("general.license.name") ?? text("general.license"),
    chatTemplate: text("tokenizer.chat_template")?.length ?? null,
  };
}

async function ofFolder(path: string): Promise<Read> {
  const { tensors } = await openSafetensors(path), folder = dirname(path);
  const valuesOf = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
  return {
    form: "safetensors",
    tensors: [...tensors.values()].map(({ dtype, shape, bytes }) => ({
      format: dtype,
      values: valuesOf(shape),
      bytes,
    })),
    ...await folderWords(folder),
  };
}

/** What the files beside a model say of it. */
export async function folderWords(folder: string): Promise<Pick<StoredForm, "license" | "chatTemplate">> {
  return { license: licenseIn(await textOf(join(folder, "README.md"))), chatTemplate: await chatTemplateIn(folder) };
}

/** A template has a file of its own, or stands in the tokenizer's configuration: one, or several by name. */
async function chatTemplateIn(folder: string): Promise<number | null> {
  const own = await textOf(join(folder, "chat_template.jinja"));
  if (own) return own.length;
  for (const name of ["tokenizer_config.json", "chat_template.json"]) {
    try {
      const { chat_template: given } = JSON.parse(await textOf(join(folder, name)) || "{}");
      const first = Array.isArray(given) ? given[0]?.template : given;
      if (typeof first === "string") return first.length;
    } catch {
      // refused where the tokenizer is opened
    }
  }
  return null;
}

/** The hub's cards start with YAML: `license: apache-2.0`. */
function licenseIn(card: string): string | null {
  const head = /^---\r?\n([^]*?)\r?\n---/.exec(card)?.[1] ?? "";
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*["']?([^"'\\r\\n#]+)`, "m").exec(head)?.[1].trim();
  return field("license_name") || field("license") || null;
}

/** Empty where there is no such file, or it is too large for a text. */
async function textOf(path: string): Promise<string> {
  return await isFile(path) && await fileSize(path) < 2 ** 24 ? await Deno.readTextFile(path) : "";
}
