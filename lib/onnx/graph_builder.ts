/**
 * Builds ONNX models in the form that onnxruntime runs well: ai.onnx opset 21 with com.microsoft 1, IR 10 (above
 * opset 21 the CPU provider has no random operators). The protobuf schema is onnx-buf's.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
} from "onnx-buf";
import { lowered } from "./older_opsets.ts";
import { DATA_TYPES, type ElementType, literalName, rawBytes, valueInfo } from "./protos.ts";

export { DATA_TYPES, type ElementType, isLiteralName } from "./protos.ts";

const IR_VERSION = 10n;
/** Domain of onnxruntime's own operators. */
export const MS = "com.microsoft";

/** An attribute: a float is written `{ float: 1 }`, since 1 and 1.0 are one number in JavaScript. */
export type Attribute = number | string | number[] | { float: number } | { graph: GraphBuilder };

/** Where a weight's bytes lie in the file beside the model. */
export interface ExternalTensor {
  location: string;
  offset: number;
  length: number;
}

/**
 * One graph under construction; subgraphs (of Loop and If) are builders too and may use outer names. A name stands for
 * one value: giving it to a second one throws.
 */
export class GraphBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs = new Map<string, ValueInfoProto>();
  /** What each name stands for: an input, a node's output, or the whole of a constant or weight. */
  readonly #values = new Map<string, string>();
  readonly #subgraphs: GraphBuilder[] = [];
  #count = 0;

  /** @param prefix Put before every automatic name, so that a subgraph's names differ from the outer ones. */
  constructor(readonly name: string, readonly prefix = "") {}

  /**
   * Declare an input; a dimension is a number or a symbol. Returns its name.
   *
   * @throws {Error} If the name stands for another value.
   */
  input(name: string, type: ElementType, dims: (number | string)[]): string {
    this.#define(name, "an input");
    this.#inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /**
   * Declare a value as an output.
   *
   * @throws {Error} If it is one already.
   */
  output(name: string, type: ElementType, dims: (number | string)[]): void {
    if (this.#outputs.has(name)) throw new Error(`Graph "${this.name}" has an output "${name}" already`);
    this.#outputs.set(name, valueInfo(name, type, dims));
  }

  /** A small constant, kept in the model file and named by its value, so that equal ones are one. Returns its name. */
  literal(type: ElementType, dims: number[], values: number[]): string {
    return this.constant(literalName(type, dims, values), type, dims, values);
  }

  /**
   * A small constant with a name of its own; the same one twice is added once.
   *
   * @throws {Error} If the name stands for another value.
   */
  constant(name: string, type: ElementType, dims: number[], values: number[]): string {
    if (!this.#defineOnce(name, literalName(type, dims, values))) return name;
    this.#initializers.push(create(TensorProtoSchema, {
      name,
      dims: dims.map(BigInt),
      dataType: DATA_TYPES[type],
      rawData: rawBytes(type, values),
    }));
    return name;
  }

  /**
   * A weight in the file beside the model; the same one twice is added once.
   *
   * @throws {Error} If the name stands for another value.
   */
  weight(name: string, type: ElementType, dims: number[], at: ExternalTensor): string {
    const { location, offset, length } = at;
    if (!this.#defineOnce(name, `${type} [${dims}] in ${location}, ${length} bytes from ${offset}`)) return name;
    const entry = (key: string, value: string | number) =>
      create(StringStringEntryProtoSchema, { key, value: String(value) });
    this.#initializers.push(create(TensorProtoSchema, {
      name,
      dims: dims.map(BigInt),
      dataType: DATA_TYPES[type],
      dataLocation: DataLocation.EXTERNAL,
      externalData: [entry("location", location), entry("offset", offset), entry("length", length)],
    }));
    return name;
  }

  /**
   * Add a node and return the name of its first output.
   *
   * @param outputs Names of the outputs; default one automatic name. "" leaves an optional output out.
   * @throws {Error} If an output's name stands for another value.
   */
  node(
    opType: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    { domain = "", outputs }: { domain?: string; outputs?: string[] } = {},
  ): string {
    const output = outputs ?? [this.fresh(opType)];
    for (const name of output) if (name !== "") this.#define(name, `an output of ${opType}`);
    for (const value of Object.values(attributes)) {
      if (typeof value === "object" && "graph" in value) this.#subgraphs.push(value.graph);
    }
    this.#nodes.push(create(NodeProtoSchema, {
      opType,
      domain,
      name: `${this.prefix}${opType}_${this.#nodes.length}`,
      input: inputs,
      output,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    }));
    return output[0];
  }

  /** Take in nodes and weights of a graph that was made elsewhere; what they read must be there. */
  adopt(nodes: NodeProto[], weights: TensorProto[] = []): void {
    for (const { name } of weights) this.#define(name, "a weight");
    for (const { opType, output } of nodes) {
      for (const name of output) if (name !== "") this.#define(name, `an output of ${opType}`);
    }
    this.#initializers.push(...weights);
    this.#nodes.push(...nodes);
  }

  /** Take in an input as another graph declares it. */
  adoptInput(value: ValueInfoProto): void {
    this.#define(value.name, "an input");
    this.#inputs.push(value);
  }

  /** Declare an output as another graph does. */
  adoptOutput(value: ValueInfoProto): void {
    this.#outputs.set(value.name, value);
  }

  /** A name that is not used yet. */
  fresh(hint: string): string {
    return `${this.prefix}${hint}.${this.#count++}`;
  }

  #define(name: string, what: string): void {
    const known = this.#values.get(name);
    if (known !== undefined) {
      throw new Error(`Graph "${this.name}" has two values named "${name}": ${known}, and ${what}; rename one`);
    }
    this.#values.set(name, what);
  }

  /** Whether the name is new; false where it stands for this very value. */
  #defineOnce(name: string, what: string): boolean {
    if (this.#values.get(name) === what) return false;
    this.#define(name, what);
    return true;
  }

  /** @throws {Error} If a subgraph has a value under a name of this graph: ONNX forbids to hide an outer one. */
  graph(): GraphProto {
    for (const inner of this.#subgraphs) this.#refuseHidden(inner);
    return create(GraphProtoSchema, {
      name: this.name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: [...this.#outputs.values()],
    });
  }

  #refuseHidden(inner: GraphBuilder): void {
    for (const [name, what] of inner.#values) {
      const known = this.#values.get(name);
      if (known === undefined) continue;
      throw new Error(
        `Graph "${inner.name}" inside "${this.name}" has ${what} named "${name}", which is ${known} there; rename one`,
      );
    }
    for (const innermost of inner.#subgraphs) this.#refuseHidden(innermost);
  }

  /** The whole model's bytes. */
  model(): Uint8Array<ArrayBuffer> {
    const opset = (domain: string, version: number) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
    return this.#bytes({ irVersion: IR_VERSION, opsetImport: [opset("", 21), opset(MS, 1)] }, this.graph());
  }

  /**
   * The bytes of a model that holds nodes of another: in its versions of the operators, with its own functions.
   *
   * @throws {RangeError} If its operators are too old for the nodes of this builder.
   */
  modelWith(
    { irVersion, opsetImport, functions }: ModelProto,
    adopted: ReadonlySet<NodeProto>,
  ): Uint8Array<ArrayBuffer> {
    const opset = Number(opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 1);
    const hasMs = opsetImport.some(({ domain }) => domain === MS);
    const imports = hasMs
      ? opsetImport
      : [...opsetImport, create(OperatorSetIdProtoSchema, { domain: MS, version: 1n })];
    const versions = { irVersion: irVersion > IR_VERSION ? irVersion : IR_VERSION, opsetImport: imports, functions };
    return this.#bytes(versions, lowered(this.graph(), opset, adopted));
  }

  #bytes(versions: Partial<ModelProto>, graph: GraphProto): Uint8Array<ArrayBuffer> {
    const { irVersion, opsetImport, functions = [] } = versions;
    const model = create(ModelProtoSchema, { producerName: "archbench", irVersion, opsetImport, functions, graph });
    return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
  }
}

function attributeProto(name: string, value: Attribute) {
  if (typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === "string") {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if (Array.isArray(value)) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
  }
  if ("float" in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value.graph.graph() });
}
