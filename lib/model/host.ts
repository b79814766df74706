/** The parent's end of a model host: starts the process, speaks the protocol, and tells when the child is gone. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { APART } from "../progress.ts";
import { projectRoot } from "../store/paths.ts";
import { checkModel } from "../arch/ref_fields.ts";
import { type AnySource, isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import { isResolved } from "../arch/resolved.ts";
import { object, optional } from "../check/objects.ts";
import { checkOptions } from "../check/options.ts";
import { word } from "../check/rules.ts";
import type { GenerateResult } from "./generate.ts";
import { checkedCalls } from "./host_requests.ts";
import { TextLineStream } from "./lines.ts";
import { HOST_OPTIONS, type OpenOptionsOfHost } from "./open_options.ts";
import type { FinishedScore } from "./score_options.ts";
import {
  type FinishedPart,
  type GraphHost,
  type HostMethods,
  type HostReply,
  type HostRequest,
  type ModelHost,
  type OpenResult,
  PROTOCOL_VERSION,
} from "./protocol.ts";

/** The host's process ended while it was needed. */
export class HostError extends Error {
  override name = "HostError";
}

/** Errors that a host may raise, so that the parent throws the same kind. */
const ERROR_TYPES: Record<string, new (message: string) => Error> = { RangeError, TypeError, SyntaxError };
/** Bytes of the child's error output that an error message quotes. */
const STDERR_TAIL = 2000;

/** How the process of a host is started. */
export interface ProcessOptions {
  /** URL of a module that the host runs first: experiments put a known delay into it. */
  preload?: string;
}
export const PROCESS_OPTIONS = object<ProcessOptions>({ preload: optional(word) });

/**
 * Start a process that opens a model and answers requests. It ends with `close`, or when this process ends, however
 * that happens.
 *
 * @throws {HostError} If the process ends before the model is open. Errors of opening keep their kind.
 * @throws {TypeError} For an option that is not known; and RangeError for one that cannot be meant. Nothing is started.
 */
export async function startHost(
  ref: AnySource,
  options: OpenOptionsOfHost = {},
  process: ProcessOptions = {},
): Promise<ModelHost> {
  checkModel("Cannot start a host", ref);
  checkOptions("Cannot start a host", options, HOST_OPTIONS);
  checkOptions("Cannot start a host", process, PROCESS_OPTIONS);
  const { graphs, ...modelOptions } = options;
  const resolved = await resolveAny(ref, modelOptions);
  const client = new HostClient(labelOf(ref), process.preload);
  try {
    await greeted(client);
    const open = await client.call("open", { ref: resolved, options: { graphs } }) as OpenResult;
    return hostOf(client, open);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** How errors call a host's model. */
function labelOf(source: AnySource): string {
  if (typeof source === "string") return source;
  if (isResolvedGraph(source)) return source.path;
  if (!isResolved(source)) return JSON.stringify(source).slice(0, 80);
  return [source.name, source.precision, ...source.edits.map((edit) => JSON.stringify(edit))].join(" ").slice(0, 80);
}

/**
 * Start a process that runs graphs instead of a model, with the same session options.
 *
 * @throws {HostError} If the process ends before it is ready.
 */
export async function startGraphHost(): Promise<GraphHost> {
  const client = new HostClient("probe graphs");
  try {
    await greeted(client);
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    pid: client.pid,
    graphRuns: (request) => client.call("graphRuns", request),
    close: () => client.close(),
  };
}

async function greeted(client: HostClient): Promise<void> {
  const hello = await client.hello;
  if (hello.protocol !== PROTOCOL_VERSION) {
    throw new HostError(`Model host speaks protocol ${hello.protocol}, this library ${PROTOCOL_VERSION}`);
  }
}

function hostOf(client: HostClient, open: OpenResult): ModelHost {
  return {
    pid: client.pid,
    open,
    ...checkedCalls({
      generateRuns: (request) => client.call("generateRuns", request),
      forwardRuns: (request) => client.call("forwardRuns", request),
      score: (requests, { onProgress, known, ...settings } = {}) =>
        client.call(
          "score",
          { requests, settings, known },
          (done, parts) => onProgress?.(done, parts as FinishedScore[]),
        ),
      generate: (prompt, options) => client.call("generate", { prompt, options }),
      generateBatch: (requests, { onResult, ...options } = {}) =>
        client.call("generateBatch", { requests, options }, (_, parts) => {
          for (const { index, result } of parts) onResult?.(index, result as GenerateResult);
        }),
      encode: (texts) => client.call("encode", { texts }),
      divergence: (baseline, texts) => client.call("divergence", { baseline, texts }),
    }),
    resetPeak: () => client.call("resetPeak", {}),
    counters: () => client.call("counters", {}),
    close: () => client.close(),
  };
}

type OnProgress = (done: number, parts: FinishedPart[]) => void;

interface Pending {
  method: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress?: OnProgress;
}

class HostClient {
  readonly pid: number;
  readonly hello: Promise<{ protocol: number }>;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #nextId = 0;
  #closing = false;
  #stderr = "";
  #gone: HostError | null = null;

  constructor(readonly label: string, preload?: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--no-prompt",
        "--quiet",
        "--v8-flags=--expose-gc",
        ...(preload ? ["--preload", preload] : []),
        "--config",
        join(projectRoot(), "deno.json"),
        fileURLToPath(new URL("./host_main.ts", import.meta.url)),
        String(Deno.pid),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...APART,
    }).spawn();
    this.pid = this.#child.pid;
    this.#writer = this.#child.stdin.getWriter();
    this.hello = new Promise((resolve, reject) => {
      this.#pending.set(-1, { method: "start", resolve: resolve as (value: unknown) => void, reject });
    });
    this.#ended = this.#watch();
  }

  call<M extends keyof HostMethods>(
    method: M,
    params: HostMethods[M]["params"],
    onProgress?: OnProgress,
  ): Promise<HostMethods[M]["result"]> {
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.#closing) return Promise.reject(new HostError(`Cannot call ${method}: the host is closed`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { method, resolve: resolve as (value: unknown) => void, reject, onProgress });
      const request: HostRequest = { id, method, params };
      // A write to a dead child fails; its end is reported by #watch.
      this.#writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n")).catch(() => {});
    });
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      // Killed, not asked: a busy host would answer only after its run, and it has nothing to save.
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It is gone already.
      }
    }
    await this.#ended;
  }

  async #watch(): Promise<void> {
    const errors = this.#readErrors();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) this.#receive(line);
    const [status] = await Promise.all([this.#child.status, errors]);
    await this.#writer.close().catch(() => {});
    const how = status.signal ? `by ${status.signal}` : `with code ${status.code}`;
    for (const { method, reject } of this.#pending.values()) {
      const reason = this.#closing ? "was closed" : `ended ${how}`;
      this.#gone = new HostError(
        `The model host of ${this.label} (pid ${this.pid}) ${reason} during "${method}"` +
          (this.#stderr && !this.#closing ? `; its last words: ${this.#stderr.trim()}` : ""),
      );
      reject(this.#gone);
    }
    this.#gone ??= new HostError(`The model host of ${this.label} (pid ${this.pid}) has ended ${how}`);
    this.#pending.clear();
  }

  async #readErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    }
  }

  #receive(line: string): void {
    let message: HostReply;
    try {
      message = JSON.parse(line);
    } catch {
      this.#stderr = (this.#stderr + line + "\n").slice(-STDERR_TAIL); // a library printed to stdout
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ("progress" in message) return this.#pass(message.id, pending, message);
    this.#pending.delete(message.id);
    if ("error" in message) {
      const { name, message: text } = message.error;
      pending.reject(new (ERROR_TYPES[name] ?? Error)(text));
    } else pending.resolve(message.result);
  }

  /** What the caller does with a part of its results may fail, e.g. on a full disk: that is the end of its call. */
  #pass(id: number, pending: Pending, { progress, parts }: { progress: number; parts: FinishedPart[] }): void {
    try {
      pending.onProgress?.(progress, parts);
    } catch (error) {
      this.#pending.delete(id);
      pending.reject(error);
    }
  }
}
