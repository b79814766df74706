/** A bar's line for a terminal of a given width: what there is no room for is left out, the least important first. */
import { progressPieces, type ProgressState } from "./state.ts";
import { fitText, terminalText, textWidth } from "./width.ts";

/** Columns of the drawn bar: the widest that fits. */
const BARS = [24, 12, 0];
/** A note or a label that is cut shorter than this says nothing. */
const SHORTEST = 8;
/** A label that is cut to so much still says what is done, so a time beside it is worth more than its end. */
const ENOUGH = 16;

/**
 * The widest form that fits into `columns`: with the bar, with a shorter one, with none; with a shorter note, without it,
 * with one time, with a shorter label; then without the bars that it is part of, at last without a time. The count is
 * always there.
 */
export function progressLine(state: ProgressState, columns: number): string {
  if (state.ended && state.nested) return "";
  const pieces = progressPieces(state), note = terminalText(pieces.note), label = terminalText(pieces.label);
  const { count, elapsed, left } = pieces;
  const within = (state.within ?? []).map((outer) => `${terminalText(outer)} > `).join("");
  const line = (outer: string, name: string, rest: string[]) =>
    [`${outer}${name} ${count}`, ...rest].filter(Boolean).join(", ");
  const times = [elapsed, left], one = [left || elapsed];
  const shortNote = () => {
    const room = columns - textWidth(line(within, label, times)) - 2;
    return note && room >= SHORTEST ? [line(within, label, [fitText(note, room), ...times])] : [];
  };
  const shortLabel = (outer: string, least: number, rest: string[]) => {
    const room = columns - textWidth(line(outer, "", rest));
    return room >= least ? [line(outer, fitText(label, room), rest)] : [];
  };
  const withoutNote = (outer: string) => [
    line(outer, label, times),
    line(outer, label, one),
    ...shortLabel(outer, ENOUGH, one),
  ];
  const bars = state.ended ? [] : BARS.map((bar) => drawn(state, bar) + line(within, label, [note, ...times]));
  const forms = [
    ...bars,
    ...shortNote(),
    ...withoutNote(within),
    ...withoutNote(""),
    line("", label, []),
    ...shortLabel("", SHORTEST, []),
  ];
  return forms.find((form) => textWidth(form) <= columns) ?? fitText(count, columns);
}

function drawn({ done, total }: ProgressState, columns: number): string {
  if (!columns || !(total > 0)) return "";
  const full = Math.round(columns * Math.max(0, Math.min(1, done / total)));
  return `[${"#".repeat(full)}${"-".repeat(columns - full)}] `;
}
