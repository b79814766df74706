/** Children that are started ahead, so that a program does not wait for the one that the last program broke. */

export interface PoolChild {
  /** False once its process has ended. */
  readonly alive: boolean;
  close(): Promise<void>;
}

/** `workers` children may be in use at once; one more is kept ready. */
export class Pool<C extends PoolChild> {
  readonly #ready: Promise<C>[] = [];
  readonly #inUse = new Set<C>();
  readonly #waiting: (() => void)[] = [];
  readonly #closing = new Set<Promise<void>>();
  #free: number;
  #closed = false;

  constructor(readonly start: () => Promise<C>, readonly workers: number) {
    this.#free = workers;
    for (let i = 0; i <= workers; i++) this.#startOne();
  }

  /** Resolves when one child can be used. */
  async warm(): Promise<void> {
    await this.#ready[0];
  }

  /**
   * Let `work` use a child; it says whether the child can be used again.
   *
   * @throws {Error} If no child can be started, or the pool was closed meanwhile.
   */
  async use<T>(work: (child: C) => Promise<{ result: T; reuse: boolean }>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const child = await this.#take();
      this.#inUse.add(child);
      const { result, reuse } = await work(child);
      this.#inUse.delete(child);
      if (this.#closed) throw closedError();
      if (reuse && child.alive) this.#ready.unshift(Promise.resolve(child));
      else this.#replace(child);
      return result;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Ends all children, those in use too: their work then ends with an error. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const starting of this.#ready.splice(0)) this.#end(starting);
    for (const child of this.#inUse) this.#end(Promise.resolve(child));
    await Promise.all(this.#closing);
  }

  async #take(): Promise<C> {
    for (let failures = 0;;) {
      if (this.#closed) throw closedError();
      try {
        const child = await (this.#ready.shift() ?? this.start());
        if (child.alive) return child;
        this.#replace(child); // it ended while it waited
      } catch (error) {
        this.#startOne();
        if (++failures === 2) throw error; // one may have been killed while it started
      }
    }
  }

  #replace(child: C): void {
    this.#end(Promise.resolve(child));
    this.#startOne();
  }

  #end(child: Promise<C>): void {
    const ended = child.then((child) => child.close(), () => {}).then(() => void this.#closing.delete(ended));
    this.#closing.add(ended);
  }

  #startOne(): void {
    if (this.#closed) return;
    const starting = this.start();
    starting.catch(() => {}); // reported to the program that takes it
    this.#ready.push(starting);
  }
}

function closedError(): Error {
  return new Error("Cannot run a program: the sandbox is closed; open another");
}
