/** Several model hosts for one evaluation: how the cores are split between them, and which split is fastest. */
import type { GraphKind } from "../arch/build.ts";
import { type AnySource, isResolvedGraph } from "../arch/foreign/resolved_graph.ts";
import { optionsOf } from "../arch/resolved.ts";
import type { ModelOptions } from "../arch/model_ref.ts";
import { physicalCores } from "../model/physical_cores.ts";
import type { ModelHost, StartHost } from "../model/protocol.ts";

/** Processes, and the threads of each. */
export interface Split {
  hosts: number;
  threads: number;
}

/** A split and what it scored in a short measurement. */
export interface SplitSpeed extends Split {
  requestsPerS: number;
}

/** Fewer processes hold the model fewer times, so more of them must be worth it. */
const WORTH_A_PROCESS = 1.03;

/** All ways to give the cores in equal parts to processes, fewest processes first. */
export function splitsOf(cores: number): Split[] {
  const counts = Array.from({ length: cores }, (_, i) => i + 1).filter((hosts) => cores % hosts === 0);
  return counts.map((hosts) => ({ hosts, threads: cores / hosts }));
}

/** The fastest split; one with more processes only where it gains 3 %. */
export function fastest(speeds: SplitSpeed[]): SplitSpeed {
  return speeds.reduce((best, s) => s.requestsPerS > best.requestsPerS * WORTH_A_PROCESS ? s : best);
}

/** One line for people: `2 hosts x 1 thread, 21.0 requests/s (1 host x 2 threads: 18.2)`. */
export function splitText(chosen: Split, speeds: SplitSpeed[]): string {
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const name = (s: Split) => `${count(s.hosts, "host")} x ${count(s.threads, "thread")}`;
  const same = (s: Split) => s.hosts === chosen.hosts;
  const others = speeds.filter((s) => !same(s)).map((s) => `${name(s)}: ${s.requestsPerS.toFixed(1)}`);
  const speed = speeds.find(same)!.requestsPerS.toFixed(1);
  return `${name(chosen)}, ${speed} requests/s${others.length ? ` (${others.join(", ")})` : ""}`;
}

/** The split of a number of hosts: threads that were asked for are each host's, else the physical cores are shared. */
export function splitFor(hosts: number, ref: AnySource, options: ModelOptions): Split {
  return { hosts, threads: askedThreads(ref, options) ?? Math.max(1, Math.floor(physicalCores() / hosts)) };
}

/** The threads that `"auto"` splits: those that were asked for, else the physical cores. */
export function threadsToSplit(ref: AnySource, options: ModelOptions): number {
  return askedThreads(ref, options) ?? physicalCores();
}

function askedThreads(ref: AnySource, options: ModelOptions): number | undefined {
  return options.threads ?? (isResolvedGraph(ref) ? ref.options : optionsOf(ref)).threads;
}

/** Start the hosts of a split. If one cannot be started the others are closed. */
export async function openHosts(
  start: StartHost,
  ref: AnySource,
  options: ModelOptions,
  { hosts, threads }: Split,
  graph: GraphKind,
): Promise<ModelHost[]> {
  const started = await Promise.allSettled(
    Array.from({ length: hosts }, () => start(ref, { ...options, threads, graphs: [graph] })),
  );
  const open = started.flatMap((s) => s.status === "fulfilled" ? [s.value] : []);
  const failed = started.find((s) => s.status === "rejected");
  if (!failed) return open;
  await closeAll(open);
  throw failed.reason;
}

export async function closeAll(hosts: ModelHost[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.close()));
}
