/** A position curve in words: where each model loses or gains against the baseline, and where nothing was found. */
import { checkArgument, noOptions } from "../check/options.ts";
import type { PlaceDifference, PositionCurve } from "../compare/position/curve.ts";
import { isBounded } from "../stats/usable.ts";
import { POSITION_CURVE } from "./arguments.ts";

/** Bins one after the other of which the same is said. */
interface Stretch {
  kind: PlaceDifference["verdict"] | "too few";
  from: number;
  to: number;
  points: number[];
}

/**
 * A sentence for each model but the baseline, e.g. "window 128 against full attention: no difference found up to 256
 * tokens; loses 0.12 to 0.31 bits per byte from 256 tokens on."
 */
export function positionSentence(curve: PositionCurve): string {
  noOptions("positionSentence", arguments, 1);
  checkArgument("Cannot tell the curve", "curve", curve, POSITION_CURVE);
  return positionSentences(curve).join(" ");
}

export function positionSentences({ raw, differences, curves }: PositionCurve): string[] {
  const { unit, baseline, band } = raw, end = raw.edges.at(-1)!;
  const against = Object.entries(differences).map(([name, bins]) => {
    const parts = stretches(bins).map((stretch) => `${whatIs(stretch, band)} ${whereIs(stretch, end, unit)}`);
    return `${name} against ${baseline}: ${parts.join("; ")}.`;
  });
  const beyond = Object.entries(curves).flatMap(([name, bins]) => {
    const first = bins.find(({ beyondTrained }) => beyondTrained), { trainedTokens } = raw.models[name];
    const made = `${count(trainedTokens)} tokens that ${name} was made for`;
    return first ? [`Places from ${count(first.from)} ${unit} on reach past the ${made}.`] : [];
  });
  return [...against, ...beyond];
}

function stretches(bins: PlaceDifference[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { from, to, difference, verdict } of bins) {
    const kind = isBounded(difference) ? verdict : "too few", last = found.at(-1);
    if (last?.kind === kind) {
      last.to = to;
      last.points.push(difference.point);
    } else found.push({ kind, from, to, points: [difference.point] });
  }
  return found;
}

function whatIs({ kind, points }: Stretch, band: number): string {
  if (kind === "too few") return "too few texts to tell";
  if (kind === "unclear") return "no difference found";
  if (kind === "same") return `the same within ${band} bits per byte`;
  const sizes = points.map(Math.abs), [least, most] = [Math.min(...sizes), Math.max(...sizes)].map((x) => x.toFixed(2));
  return `${kind === "worse" ? "loses" : "gains"} ${least === most ? least : `${least} to ${most}`} bits per byte`;
}

function whereIs({ from, to }: Stretch, end: number, unit: string): string {
  if (from === 0 && to === end) return `at every place up to ${count(end)} ${unit}`;
  if (from === 0) return `up to ${count(to)} ${unit}`;
  return to === end ? `from ${count(from)} ${unit} on` : `from ${count(from)} to ${count(to)} ${unit}`;
}

/** A place as text. */
export function count(place: number): string {
  return Math.round(place).toLocaleString("en");
}
