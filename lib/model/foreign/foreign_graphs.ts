/** The sessions of a graph that was made elsewhere, as it is or with what was added to it, opened when first needed. */
import { type ChangedGraph, headsGraph } from "../../arch/foreign/heads_graph.ts";
import type { GraphLayout } from "../../arch/foreign/layout.ts";
import { loopGraph } from "../../arch/foreign/loop_graph.ts";
import type { ResolvedGraph } from "../../arch/foreign/resolved_graph.ts";
import { openForSurgery } from "../../onnx/surgery/foreign_file.ts";
import { openSession, type Session, type SessionOptions } from "../session.ts";

export type Form = "plain" | "heads" | "loop";

export interface OpenedGraph {
  session: Session;
  /** Its inputs and outputs as they are called in this form. */
  layout: GraphLayout;
}

const CHANGES = { heads: headsGraph, loop: loopGraph };

export class ForeignGraphs {
  readonly #opened = new Map<Form, Promise<OpenedGraph>>();
  #closed = false;

  constructor(readonly found: ResolvedGraph, readonly options: SessionOptions) {}

  /** What steps and scores. */
  get stepForm(): "plain" | "heads" {
    return this.found.options.optimise ? "heads" : "plain";
  }

  /** What makes tokens. */
  get decodeForm(): Form {
    return this.found.options.optimise === "loop" ? "loop" : this.stepForm;
  }

  /**
   * @throws {TypeError} If the graph cannot be changed so, or onnxruntime does not take it; or after `close`.
   */
  open(form: Form): Promise<OpenedGraph> {
    if (this.#closed) throw new TypeError(`Cannot use ${this.found.name}: the model is closed`);
    const opened = this.#opened.get(form) ?? openForm(this.found, form, this.options);
    this.#opened.set(form, opened);
    return opened;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const opened of this.#opened.values()) await (await opened).session.release();
    this.#opened.clear();
  }
}

async function openForm(
  { path, layout, facts: { vocabSize }, options: { optimise } }: ResolvedGraph,
  form: Form,
  options: SessionOptions,
): Promise<OpenedGraph> {
  const opened = (session: Promise<Session>) =>
    session.catch((cause) => {
      const how = form === "plain" ? "" : ` with optimise "${optimise}"`;
      throw new TypeError(`Cannot open ${path}${how}: onnxruntime says: ${cause.message}`, { cause });
    });
  if (form === "plain") return { session: await opened(openSession(path, options)), layout };
  const file = await openForSurgery(path);
  let changed: ChangedGraph;
  try {
    changed = CHANGES[form](file, layout, vocabSize);
  } catch (cause) {
    throw new TypeError(`Cannot open ${path} with optimise "${optimise}": ${(cause as Error).message}`, { cause });
  }
  const session = opened(openSession(changed.bytes, { ...options, weightsFolder: file.folder }));
  return { session: await session, layout: changed.layout };
}
