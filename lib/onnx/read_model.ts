/**
 * Reads an ONNX file into a small typed model. The file may come from anywhere: sizes, nesting and offsets are checked
 * before they are used, and weights stay where they are (only small tensors' values are ever decoded).
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  type ValueInfoProto,
} from "onnx-buf";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./onnx_model.ts";
import { byteLength, elementCount, tensorValues, typedData, typeName } from "./tensor_types.ts";

/** What a file may hold; far above any published model, low enough to stay in memory. */
export const LIMITS = { bytes: 2 ** 31, nodes: 1_000_000, depth: 16, rank: 64, elements: 2 ** 48, dim: 2 ** 40 };

/**
 * Read a model from a path, or from its bytes.
 *
 * @param source With a path, the files of external weights are checked where they are there (the graph alone is enough).
 * @throws {SyntaxError} If it is no ONNX model, or a size or offset in it does not hold.
 */
export async function readModel(source: string | Uint8Array): Promise<OnnxModel> {
  const what = typeof source === "string" ? source : "the model's bytes";
  if (typeof source === "string") requireBytes(what, (await stat(source)).size);
  const bytes = typeof source === "string" ? await readFile(source) : source;
  requireBytes(what, bytes.length);
  const model = new Reader(what).model(bytes);
  if (typeof source === "string") await checkExternalFiles(source, model);
  return model;
}

function requireBytes(what: string, bytes: number): void {
  if (bytes === 0 || bytes > LIMITS.bytes) {
    throw new SyntaxError(`Cannot read ${what}: an ONNX file has 1 byte to 2 GiB, this one ${bytes}`);
  }
}

class Reader {
  #nodes = 0;

  constructor(readonly what: string) {}

  model(bytes: Uint8Array): OnnxModel {
    let proto: ModelProto;
    try {
      proto = fromBinary(ModelProtoSchema, bytes);
    } catch (cause) {
      throw new SyntaxError(`Cannot read ${this.what}: not an ONNX model (${(cause as Error).message})`, { cause });
    }
    if (!proto.graph) this.#fail("it has no graph; an ONNX model is expected");
    return {
      opsets: new Map(proto.opsetImport.map((o) => [domainName(o.domain), Number(o.version)])),
      graph: this.#graph(proto.graph, 0),
      functions: new Map(proto.functions.map((f) => [`${domainName(f.domain)}:${f.name}`, {
        inputs: f.input,
        outputs: f.output,
        nodes: f.node.map((n) => this.#node(n, 0)),
        defaults: new Map(f.attributeProto.map((a) => [a.name, this.#attribute(a, 0)])),
      }])),
    };
  }

  #graph(proto: GraphProto, depth: number): OnnxGraph {
    if (depth > LIMITS.depth) this.#fail(`subgraphs are nested deeper than ${LIMITS.depth}`);
    if (proto.sparseInitializer.length > 0) this.#fail("it has sparse initialisers, which are not supported");
    const initializers = new Map<string, OnnxTensor>();
    for (const t of proto.initializer) {
      if (initializers.has(t.name)) this.#fail(`two initialisers are called "${t.name}"`);
      initializers.set(t.name, this.#tensor(t));
    }
    return {
      name: proto.name,
      nodes: proto.node.map((n) => this.#node(n, depth)),
      inputs: proto.input.filter((i) => !initializers.has(i.name)).map((i) => this.#value(i)),
      outputs: proto.output.map((o) => this.#value(o)),
      initializers,
      valueInfo: new Map(proto.valueInfo.map((v) => [v.name, this.#value(v)])),
    };
  }

  #node(proto: NodeProto, depth: number): OnnxNode {
    if (++this.#nodes > LIMITS.nodes) this.#fail(`more than ${LIMITS.nodes} nodes`);
    const { name, opType, domain, input, output } = proto;
    return {
      name,
      opType,
      domain: domainName(domain),
      inputs: input,
      outputs: output,
      attributes: new Map(proto.attribute.map((a) => [a.name, this.#attribute(a, depth)])),
    };
  }

  #attribute(a: AttributeProto, depth: number): OnnxAttribute {
    if (a.refAttrName) return { ref: a.refAttrName };
    switch (a.type) {
      case AttributeType.FLOAT:
        return a.f;
      case AttributeType.INT:
        return Number(a.i);
      case AttributeType.STRING:
        return decode(a.s);
      case AttributeType.FLOATS:
        return a.floats;
      case AttributeType.INTS:
        return a.ints.map(Number);
      case AttributeType.STRINGS:
        return a.strings.map(decode);
      case AttributeType.TENSOR:
        return this.#tensor(a.t ?? this.#fail(`attribute "${a.name}" has no tensor`));
      case AttributeType.GRAPH:
        return this.#graph(a.g ?? this.#fail(`attribute "${a.name}" has no graph`), depth + 1);
      default:
        return this.#fail(`attribute "${a.name}" is of kind ${a.type}, which is not supported`);
    }
  }

  #tensor(t: TensorProto): OnnxTensor {
    const type = typeName(t.dataType) ?? this.#fail(`tensor "${t.name}" has the unknown element type ${t.dataType}`);
    const dims = t.dims.map((d) => this.#dim(d, t.name));
    const elements = this.#elements(dims, t.name);
    const bytes = byteLength(type, elements);
    const external = t.dataLocation === DataLocation.EXTERNAL ? this.#external(t, bytes) : null;
    if (!external && type !== "string") {
      const typed = typedData(t, type).length;
      const packed = bytes < elements; // two 4-bit elements an entry
      const there = t.rawData.length > 0 ? t.rawData.length === bytes : typed === (packed ? bytes : elements);
      if (!there && elements > 0) {
        this.#fail(`tensor "${t.name}" [${dims}] of ${type} holds ${t.rawData.length || typed} bytes or elements`);
      }
    }
    const readable = !external && type !== "string";
    const values = (limit: number) => readable && elements <= limit ? tensorValues(t, type, elements) : null;
    const raw = readable && t.rawData.length > 0 ? t.rawData : null;
    return { name: t.name, type, dims, external, raw, values };
  }

  #external(t: TensorProto, bytes: number) {
    const entries = new Map(t.externalData.map((e) => [e.key, e.value]));
    const location = entries.get("location") ?? "";
    const number = (key: string, absent: number) => {
      const text = entries.get(key) ?? String(absent), value = Number(text);
      if (!Number.isSafeInteger(value) || value < 0) this.#fail(`tensor "${t.name}" has the external ${key} "${text}"`);
      return value;
    };
    if (location === "" || isAbsolute(location) || normalize(location).startsWith("..")) {
      this.#fail(`tensor "${t.name}" lies in "${location}"; a file in the model's folder is expected`);
    }
    const offset = number("offset", 0), length = number("length", bytes);
    if (length !== bytes) this.#fail(`tensor "${t.name}" needs ${bytes} bytes, its external length is ${length}`);
    return { location, offset, length };
  }

  #value(v: ValueInfoProto): OnnxValue {
    const kind = v.type?.value;
    if (kind?.case !== "tensorType") return { name: v.name, type: "unknown", dims: null };
    const type = typeName(kind.value.elemType) ?? "unknown";
    const dims = kind.value.shape?.dim.map(({ value }) =>
      value.case === "dimValue" ? this.#dim(value.value, v.name) : value.case === "dimParam" ? value.value : ""
    );
    if (dims && dims.length > LIMITS.rank) this.#fail(`"${v.name}" has ${dims.length} axes`);
    return { name: v.name, type, dims: dims ?? null };
  }

  #dim(dim: bigint, of: string): number {
    if (dim < 0n || dim > BigInt(LIMITS.dim)) this.#fail(`"${of}" has a dimension of ${dim}`);
    return Number(dim);
  }

  #elements(dims: number[], of: string): number {
    const elements = elementCount(dims);
    if (dims.length > LIMITS.rank || elements > LIMITS.elements) this.#fail(`"${of}" has the shape [${dims}]`);
    return elements;
  }

  #fail(reason: string): never {
    throw new SyntaxError(`Cannot read ${this.what}: ${reason}`);
  }
}

/** Every external tensor must lie inside its file, where the file is there. */
async function checkExternalFiles(path: string, { graph }: OnnxModel): Promise<void> {
  const sizes = new Map<string, number | null>();
  for (const { name, external } of graph.initializers.values()) {
    if (!external) continue;
    const { location, offset, length } = external;
    if (!sizes.has(location)) {
      sizes.set(location, await stat(join(dirname(path), location)).then((s) => s.size, () => null));
    }
    const size = sizes.get(location) ?? Infinity;
    if (offset + length > size) {
      throw new SyntaxError(
        `Cannot read ${path}: tensor "${name}" lies at ${offset} + ${length} in ${location}, which has ${size} bytes`,
      );
    }
  }
}

function domainName(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
