/** The ways in which a graph that was made elsewhere can score, the default first. */
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import type { ScoreMode } from "../score_options.ts";

/** As it is, a graph gives logits of whole rows; what requests share runs once where there are heads, and caches. */
export function foreignScoreModes({ options, layout }: ResolvedGraph): readonly ScoreMode[] {
  return options.optimise && layout.caches.length > 0 ? ["tree", "strict"] : ["strict"];
}
