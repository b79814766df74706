/** The sessions of the graphs that were built from one spec. */
import type { GraphKind } from "../arch/build.ts";
import { cacheName, forEachState } from "../arch/states.ts";
import type { ArchSpec } from "../arch/spec.ts";
import type { Session } from "./session.ts";

/** Makes a session of a graph. */
export type OpenGraph = (kind: GraphKind) => Promise<Session>;

export class GraphSessions {
  readonly #sessions = new Map<GraphKind, Promise<Session>>();
  readonly #open: OpenGraph;
  #closed = false;
  /** The names of every cache in the graphs. */
  readonly caches: { past: string; present: string }[] = [];

  /** @param name Of the model, for errors. */
  constructor(readonly name: string, readonly spec: ArchSpec, open: OpenGraph) {
    this.#open = open;
    forEachState(spec, (layer, { name }) => {
      this.caches.push({ past: cacheName("past", layer, name), present: cacheName("present", layer, name) });
    });
  }

  /** The session of a graph, created at its first use. */
  session(kind: GraphKind): Promise<Session> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.name}: the model is closed`);
    let session = this.#sessions.get(kind);
    if (!session) {
      session = this.#open(kind);
      this.#sessions.set(kind, session);
    }
    return session;
  }

  /** Ends the sessions and frees their memory. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }
}
