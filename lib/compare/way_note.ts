/** What is to be said of the ways in which two models decoded. */
import { wayOf, waysDiffer } from "../measure/decode_ways.ts";
import { isRequest } from "../measure/setting.ts";
import type { DecodeWay } from "../model/info.ts";
import type { ComparisonRaw } from "./raw.ts";

const WORDS: Record<DecodeWay, string> = { loop: "in a loop inside its graph", step: "by a run for each token" };

/** Of a request, where the ways differ or a graph's own decides them; null where there is nothing to say. */
export function wayNote(raw: ComparisonRaw, name: string, config: string): { differ: boolean; note: string } | null {
  const { baseline, models, settings } = raw;
  if (!isRequest(settings.find((s) => s.config === config)!.setting)) return null;
  if (waysDiffer(raw, name, baseline)) {
    const parts = [name, baseline].map((model) => `${model} decodes ${WORDS[wayOf(raw, model)]}`);
    return { differ: true, note: `ways differ: ${parts.join(", ")}` };
  }
  const bound = [name, baseline].filter((model) => models[model].info?.ways?.includes("loop") === false);
  if (!bound.length) return null;
  return { differ: false, note: `both decode ${WORDS.step}, as the graph of ${bound.join(" and ")} does` };
}
