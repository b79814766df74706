/** The ways in which a graph that was made elsewhere can score, the default first. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import type { ScoreMode } from "../score_options.ts";

/**
 * A graph that gives logits of whole rows scores whole rows; those of one length may share a run. Where there are heads,
 * and caches, what requests share runs once.
 */
export function foreignScoreModes({ options, layout }: ResolvedGraph): readonly ScoreMode[] {
  return options.optimise && layout.caches.length > 0 ? ["tree", "strict", "batch"] : ["strict", "batch"];
}
