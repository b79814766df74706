/**
 * Long work that goes on after its process was stopped or killed: its parts are written as they come and removed when
 * it has ended. It goes on only if all that its parts depend on is the same.
 */
import { isAlive, type ProcessName, thisProcess } from "./alive.ts";
import type { ResultStore } from "./results.ts";
import { StoreError } from "./store_error.ts";

/** What the parts depend on, by names that a sentence can use: `{ machine, versions, models, options }`. */
export type WorkIdentity = Record<string, unknown>;

interface Session {
  /** Part of its parts' keys: a part that an earlier session left is never this one's. */
  id: string;
  startedAt: string;
  identity: WorkIdentity;
  /** Who is at it; null: it was stopped. */
  holder: ProcessName | null;
  /** How often it was begun. */
  starts: number;
}

const SESSION = "session";

export class KeptWork<Part> {
  #count: number;
  #session: Session | null;

  private constructor(
    readonly store: ResultStore,
    readonly subject: unknown,
    session: Session | null,
    /** Parts of an interrupted run, in order; empty where there is none to go on with. */
    readonly earlier: readonly Part[],
    /** Why a run that was begun before is not gone on with; null where there is none, or it is. */
    readonly startedAnew: string | null,
  ) {
    this.#session = session;
    this.#count = earlier.length;
  }

  /**
   * Begin or go on.
   *
   * @param subject Tells this work from others, as plain JSON.
   * @throws {StoreError} If the store cannot be read or written.
   */
  static begin<Part>(store: ResultStore, subject: unknown, identity: WorkIdentity, now = new Date()): KeptWork<Part> {
    const items = store.items({ work: subject });
    try {
      const found = items.get(SESSION) as Session | undefined;
      if (found?.holder && isAlive(found.holder)) {
        const reason = `process ${found.holder.pid} is at it, and nothing of this one was kept`;
        return new KeptWork<Part>(store, subject, null, [], reason);
      }
      const differs = found ? differences(found.identity, identity) : [];
      if (found && !differs.length) {
        const session = { ...found, holder: thisProcess(), starts: found.starts + 1 };
        items.put(SESSION, session);
        return new KeptWork(store, subject, session, partsOf<Part>(items, found), null);
      }
      if (found) removeSession(items, found);
      const session = {
        id: crypto.randomUUID(),
        startedAt: now.toISOString(),
        identity,
        holder: thisProcess(),
        starts: 1,
      };
      items.put(SESSION, session);
      const reason = found ? `the one of ${found.startedAt} had other ${differs.join(" and ")}` : null;
      return new KeptWork<Part>(store, subject, session, [], reason);
    } finally {
      items.close();
    }
  }

  /** When the work was first begun, ISO 8601. */
  get startedAt(): string | null {
    return this.#session?.startedAt ?? null;
  }

  /** How often it was interrupted. */
  get interruptions(): number {
    return (this.#session?.starts ?? 1) - 1;
  }

  /** Written at once. @throws {StoreError} If nothing can be written. */
  add(part: Part): void {
    const session = this.#session;
    if (!session) return; // another process is at it: nothing is kept of this one
    this.#use((items) => items.put(partKey(session, this.#count), part));
    this.#count++;
  }

  /**
   * It was stopped, or failed: whoever begins it next goes on here. A store that fails too is not said: the error that
   * ended the work is the one to tell, and the next one also sees when this process is gone.
   */
  release(): void {
    if (!this.#session) return;
    const session = { ...this.#session, holder: null };
    try {
      this.#use((items) => items.put(SESSION, session));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** It is done: the next one starts anew. */
  end(): void {
    const session = this.#session;
    if (!session) return;
    this.#use((items) => removeSession(items, session));
    this.#session = null;
  }

  #use(work: (items: Items) => void): void {
    const items = this.store.items({ work: this.subject });
    try {
      work(items);
    } finally {
      items.close();
    }
  }
}

type Items = ReturnType<ResultStore["items"]>;

const partKey = ({ id }: Session, index: number) => `${id} ${index}`;

function partsOf<Part>(items: Items, session: Session): Part[] {
  const parts: Part[] = [];
  for (let part; (part = items.get(partKey(session, parts.length))) !== undefined;) parts.push(part as Part);
  return parts;
}

function removeSession(items: Items, session: Session): void {
  items.remove(SESSION);
  for (let i = 0; items.get(partKey(session, i)) !== undefined; i++) items.remove(partKey(session, i));
}

function differences(before: WorkIdentity, now: WorkIdentity): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
}
