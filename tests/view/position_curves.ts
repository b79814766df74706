/** Made-up position curves. */
import { PositionCurve, type PositionRaw } from "../../lib/compare/position/curve.ts";

/** Three texts of as many bytes in each bin; what is added to each bin of the second model, and to each text of it. */
export function curveOf(added: number[], changes: Partial<PositionRaw> = {}, name = "window <b>"): PositionCurve {
  const edges = [0, ...added.map((_, i) => 128 * 2 ** i)], bytes = added.map((_, i) => 400 * 2 ** i);
  const model = (add: number[], trainedTokens = 8192) => ({
    ref: "none",
    trainedTokens,
    bits: [-0.004, 0, 0.004].map((own, t) => bytes.map((n, b) => n * (1 + t / 10 + add[b] * (1 + own)))),
    tokens: bytes.map(() => edges.slice(1)),
  });
  return new PositionCurve({
    version: 1,
    unit: "tokens",
    edges,
    baseline: "full",
    level: 0.95,
    band: 0.02,
    texts: ["x", "y", "z"].map((source) => ({ name: source, source, sha256: "", bytes })),
    skipped: [{ name: "short", reason: "it has 5 of 512 tokens" }],
    data: "drawn",
    models: { full: model(added.map(() => 0)), [name]: model(added, 300) } as unknown as PositionRaw["models"],
    ...changes,
  });
}
