/** The models that the bench can run: what each starts with, which works it has, and what is asked of it. */
import { catalogModel } from "../../../lib/store/catalog.ts";

export interface BenchModel {
  /** What the command line calls it. */
  word: string;
  /** Its name in the catalog. */
  ref: string;
  title: string;
  /** The format of its file. */
  format: string;
  /**
   * Ids that decoding starts with: none of the 64 greedy tokens behind them ends the text, and the best two logits are
   * far enough apart in fp32 that programs which round differently choose alike.
   */
  prompt: number[];
  /** Its works. */
  works: string[];
  /** How many times as fast as this peer it must be; what is left out is measured without a goal, or not at all. */
  goals: {
    genaiFp32: number;
    genaiInt4?: number;
    transformersJsFp32?: number;
    llamaCpp: number;
    hellaswag: number;
  };
}

export const MODELS: BenchModel[] = [
  {
    word: "smollm2",
    ref: "smollm2-135m",
    title: "SmolLM2-135M-Instruct",
    format: "Q4_1",
    prompt: [6403, 1980, 253, 655, 28], // "Once upon a time,"; 0.04 apart at least
    works: [
      ...["decode-fp32", "decode-int4", "decode-stored", "prefill"],
      ...["mmlu", "hellaswag", "humaneval", "context", "train"],
    ],
    goals: { genaiFp32: 1.3, genaiInt4: 1.25, transformersJsFp32: 1.1, llamaCpp: 1.9, hellaswag: 4 },
  },
  {
    word: "gemma",
    ref: "gemma3-270m",
    title: "Gemma 3 270M",
    format: "Q4_K_M",
    prompt: [2, 14946, 3324, 496, 990, 236764], // the same behind BOS; 0.06 apart at least
    works: ["decode-fp32", "decode-int4", "decode-stored", "prefill", "hellaswag"],
    goals: { genaiFp32: 1.1, llamaCpp: 1.5, hellaswag: 6 },
  },
];

/** Absolute path of its GGUF. */
export function ggufPath({ ref }: BenchModel): string {
  return catalogModel(ref).path;
}
