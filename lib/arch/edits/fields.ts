/** The fields of edits: which kinds there are, and what each may hold. */
import { byField, object, optional } from "../../check/objects.ts";
import { byType, flag, integer, list, nullable, oneOf, type Rule } from "../../check/rules.ts";
import { INDEX, PAST, TOKENS } from "../../check/common.ts";
import type { ArchEdit } from "../spec.ts";
import { MOST_HEADS, MOST_LAYERS, MOST_TABLE, SCALING } from "../spec_fields.ts";

/** An edit of one kind. */
type OfKind<K extends PropertyKey> = Extract<ArchEdit, { [P in K]: unknown }>;
type Drop = OfKind<"dropHeads">["dropHeads"][number];

/** The rule of an edit. Whether it fits an architecture is the edit's own business. */
export const EDIT: Rule<ArchEdit> = byField<
  ArchEdit,
  "keepLayers" | "window" | "kvCache" | "kvHeads" | "dropHeads" | "vocabulary" | "rope" | "tiedHead"
>({
  keepLayers: object<OfKind<"keepLayers">>({ keepLayers: list(INDEX, { min: 1, max: MOST_LAYERS }) }),
  window: object<OfKind<"window">>({ window: TOKENS, sinks: optional(PAST) }),
  kvCache: object<OfKind<"kvCache">>({ kvCache: oneOf("fp32", "int8") }),
  kvHeads: object<OfKind<"kvHeads">>({ kvHeads: integer({ min: 1, max: MOST_HEADS }) }),
  dropHeads: object<OfKind<"dropHeads">>({
    dropHeads: list(object<Drop>({ layer: INDEX, heads: list(INDEX, { max: MOST_HEADS }) }), {
      min: 1,
      max: MOST_LAYERS,
    }),
  }),
  vocabulary: object<OfKind<"vocabulary">>({
    vocabulary: byType(
      { number: integer({ min: 1 }), list: list(INDEX, { min: 1, max: MOST_TABLE }) },
      "how many tokens stay, or a list of their ids",
    ),
  }),
  rope: object<OfKind<"rope">>({ rope: nullable(SCALING), contextLength: optional(TOKENS) }),
  tiedHead: object<OfKind<"tiedHead">>({ tiedHead: flag }),
}, "pass two edits, in their order");
