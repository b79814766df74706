/** How a model is opened, here or in a host. */
import type { GraphKind } from "../arch/build.ts";
import { MODEL_OPTIONS } from "../arch/ref_fields.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { object, optional } from "../check/objects.ts";
import { list, oneOf, word } from "../check/rules.ts";

export interface OpenOptions extends ModelOptions {
  /** Graphs whose sessions are created now; the others follow when first needed. Default `["generate"]`. */
  graphs?: GraphKind[];
  /** Start of the path of the profiles that onnxruntime writes when the model is closed: every operator's times. */
  profilePrefix?: string;
}

/**
 * Options of a host's model: those of the model, and the graphs whose sessions are created at once; "generate" instead of
 * "batch" where the architecture has no batch graph.
 */
export type OpenOptionsOfHost = ModelOptions & { graphs?: GraphKind[] };

const graphs = optional(list(oneOf("generate", "score", "batch")));

export const OPEN_OPTIONS = object<OpenOptions>({ ...MODEL_OPTIONS.fields, graphs, profilePrefix: optional(word) });
export const HOST_OPTIONS = object<OpenOptionsOfHost>({ ...MODEL_OPTIONS.fields, graphs });

/** What is to be known of so many threads; nothing where each can have a core. */
export function threadWarnings(threads: number, logicalCores = navigator.hardwareConcurrency): string[] {
  if (threads <= logicalCores) return [];
  return [
    `${threads} threads share ${logicalCores} logical ${logicalCores === 1 ? "core" : "cores"}: they wait for one ` +
    "another, and speeds are lower than this machine's",
  ];
}
