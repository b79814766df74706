/** An ONNX model as the library reads it: graphs, nodes and where tensors lie, without the weights' data. */

/** A dimension: a number, or a symbol or expression of symbols such as "past + tokens". "" is unknown. */
export type Dim = number | string;

export interface OnnxValue {
  name: string;
  /** "unknown" for what is no tensor. */
  type: string;
  /** null where the file gives none. */
  dims: Dim[] | null;
}

export interface OnnxTensor {
  name: string;
  type: string;
  dims: number[];
  /** Where its bytes lie, if not in the model file. */
  external: { location: string; offset: number; length: number } | null;
  /** Its bytes where the model's file holds them as such; null where they are external, or single numbers. */
  raw?: Uint8Array | null;
  /** Decode the values; null where they are external, packed below a byte, or more than `limit` elements. */
  values(limit: number): Float64Array | null;
}

/** `{ ref }` stands in a model's own function for an attribute of the node that calls it. */
export type OnnxAttribute = number | string | number[] | string[] | OnnxTensor | OnnxGraph | { ref: string };

export interface OnnxNode {
  name: string;
  opType: string;
  /** "" is ai.onnx. */
  domain: string;
  /** Names; "" is an input or output that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
}

export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  /** Without the initialisers that old files list as inputs too. */
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  initializers: Map<string, OnnxTensor>;
  /** Types and shapes that the file tells of values between. */
  valueInfo: Map<string, OnnxValue>;
}

/** A node type that the model itself defines. */
export interface OnnxFunction {
  inputs: string[];
  outputs: string[];
  nodes: OnnxNode[];
  /** Attributes with a default. */
  defaults: Map<string, OnnxAttribute>;
}

export interface OnnxModel {
  /** Version of every operator domain; "" is ai.onnx. */
  opsets: Map<string, number>;
  graph: OnnxGraph;
  /** By "domain:name". */
  functions: Map<string, OnnxFunction>;
}
