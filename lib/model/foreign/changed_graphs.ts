/** The sessions of a graph that was made elsewhere and changed: with heads, or as the body of a loop. */
import { type ChangedGraph, headsGraph } from "../../arch/foreign/heads_graph.ts";
import { loopGraph } from "../../arch/foreign/loop_graph.ts";
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { openForSurgery } from "../../onnx/surgery/foreign_file.ts";
import { openSession, type Session, type SessionOptions } from "../session.ts";
import type { OpenedGraph } from "./graph_run.ts";

/**
 * The graph with heads, in its own names: its logits are those of the rows that are asked for.
 *
 * @throws {TypeError} If it cannot be changed so, or onnxruntime does not take it.
 */
export async function openHeads(graph: ResolvedGraph, options: SessionOptions): Promise<OpenedGraph> {
  const { session, changed } = await openChanged(graph, headsGraph, options), { layout } = graph;
  const names = new Map([[layout.logits.name, "logits"]]), its = changed.layout;
  for (const key of ["ids", "mask", "positions", "keep"] as const) {
    if (layout[key]) names.set(layout[key].name, its[key]!.name);
  }
  if (layout.useCache) names.set(layout.useCache, its.useCache!);
  return { session: renamed(session, withCaches(names, graph, changed)), layout, hasHeads: true };
}

/** The graph as the body of a loop: its caches by their own names, the rest as loop_graph.ts says. @throws As openHeads. */
export async function openLoop(graph: ResolvedGraph, options: SessionOptions): Promise<Session> {
  const { session, changed } = await openChanged(graph, loopGraph, options);
  return renamed(session, withCaches(new Map(), graph, changed));
}

async function openChanged(
  graph: ResolvedGraph,
  change: typeof headsGraph,
  options: SessionOptions,
): Promise<{ session: Session; changed: ChangedGraph }> {
  const { path, layout, facts: { vocabSize }, options: { optimise } } = graph;
  const fail = (cause: unknown, what = ""): never => {
    const { message } = cause as Error;
    throw new TypeError(`Cannot open ${path} with optimise "${optimise}": ${what}${message}`, { cause });
  };
  try {
    refuseOthers(graph);
    const file = await openForSurgery(path), changed = change(file, layout, vocabSize);
    const opening = openSession(changed.bytes, { ...options, weightsFolder: file.folder });
    return { session: await opening.catch((cause) => fail(new Error(`onnxruntime says: ${cause.message}`))), changed };
  } catch (cause) {
    if (cause instanceof TypeError && cause.message.startsWith("Cannot open")) throw cause;
    return fail(cause);
  }
}

/** @throws {TypeError} For graphs whose own shape leaves no place for heads and a loop. */
function refuseOthers({ first, layout: { logits, only } }: ResolvedGraph): void {
  const why = first
    ? `it is a model in two graphs, and its first, ${first.path}, has a head of its own`
    : logits.of === "last"
    ? `its output "${logits.name}" has the logits of the last token alone`
    : only.tokens !== null
    ? "it takes one token a run"
    : only.rows !== null
    ? "it takes one row a run"
    : null;
  if (why) throw new TypeError(`${why}; leave optimise out`);
}

function withCaches(names: Map<string, string>, { layout }: ResolvedGraph, changed: ChangedGraph): Map<string, string> {
  layout.caches.forEach(({ past, present }, i) => {
    names.set(past, changed.layout.caches[i].past).set(present, changed.layout.caches[i].present);
  });
  return names;
}

/** A session whose inputs and outputs have other names; what has no other one keeps its own. */
function renamed(session: Session, names: Map<string, string>): Session {
  const inner = (name: string) => names.get(name) ?? name;
  const all = <V>(values: Record<string, V>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [inner(name), value]));
  return {
    ...session,
    async run(feeds, fetches, into = {}) {
      const out = await session.run(all(feeds), fetches.map(inner), all(into));
      return Object.fromEntries(fetches.map((name) => [name, out[inner(name)]])) as typeof out;
    },
  };
}
