/** What a prefill and a decode step ask of any machine. */
import type { Precision } from "../arch/model_ref.ts";
import type { FlopsConvention } from "./flops_convention.ts";

/** One forward pass: prefill of the prompt, or one decode step. */
export interface PhaseRoofline {
  phase: "prefill" | "decode";
  flops: number;
  /** The fewest bytes that are read: each weight once. */
  weightBytes: number;
  /** Keys, values and states that are read and written. */
  cacheBytes: number;
  /** Arithmetic intensity in FLOPs/byte. */
  intensity: number;
  /** Least time of the arithmetic, in ms; null: the machine's rate is not known. */
  computeMs: number | null;
  /** Least time of the memory: of the weights, and of the caches. */
  weightMs: number;
  cacheMs: number;
  /** The larger of arithmetic and memory: the roofline's time. */
  ms: number;
  bound: "compute" | "memory";
}

export type PhaseWork = Pick<PhaseRoofline, "flops" | "weightBytes" | "cacheBytes">;

export interface Work {
  precision: Precision;
  batch: number;
  convention: FlopsConvention;
  prefill: PhaseWork;
  decode: PhaseWork;
}
