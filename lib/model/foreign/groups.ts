/** Batches of a graph that was made elsewhere: rows that started together run together, others one by one. */
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import type { CachedRow, DecodeState } from "../decoder.ts";
import { emptyGroup, type Group, rowOf } from "./graph_run.ts";

/** Prompts of one length, nothing cached. */
export function startGroups(layout: GraphLayout, prompts: number[][]): DecodeState<Group[]> {
  return { ids: prompts, lengths: prompts.map(() => 0), caches: [emptyGroup(layout, prompts.length)] };
}

/** A group of its own for each row. */
export function joinGroups(layout: GraphLayout, rows: (CachedRow<Group[]> | null)[]): Group[] {
  return rows.map((cached) => cached ? groupOf(cached.caches, cached.row) : emptyGroup(layout, 1));
}

function groupOf(groups: Group[], row: number): Group {
  let at = row;
  for (const group of groups) {
    if (at < group.tokens.length) return rowOf(group, at);
    at -= group.tokens.length;
  }
  throw new RangeError(`Cannot join rows: there is no row ${row} in the batch`);
}
