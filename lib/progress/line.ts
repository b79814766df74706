/** A bar's line for a terminal of a given width: what there is no room for is left out, the least important first. */
import { progressPieces, type ProgressState, progressText } from "./state.ts";
import { fitText, terminalText, textWidth } from "./width.ts";

/** Columns of the drawn bar: the widest that fits. */
const BARS = [24, 12, 0];
/** A note or a label cut shorter than this says nothing. */
const SHORTEST = 8;

/**
 * The widest form that fits into `columns`: with the bar, with a shorter one, with none; then without the bars that it
 * is part of; then with a shorter note, with none, with one time, with none; at last the label is cut, and the count stays.
 */
export function progressLine(state: ProgressState, columns: number): string {
  if (state.ended) return fitText(terminalText(progressText(state)), columns);
  const { label, count, note, elapsed, left } = progressPieces(state);
  const within = (state.within ?? []).map((outer) => `${outer} > `).join("");
  const line = (bar: number, outer: string, about: string, times: string[]) =>
    barOf(state, bar) + terminalText([`${outer}${label} ${count}`, about, ...times].filter(Boolean).join(", "));
  const times = [elapsed, left];
  const shorterNote = (outer: string, rest: string[]) => {
    const room = columns - textWidth(line(0, outer, "", rest)) - 2;
    return note && room >= SHORTEST ? [line(0, outer, fitText(terminalText(note), room), rest)] : [];
  };
  const forms = [
    ...BARS.map((bar) => line(bar, within, note, times)),
    ...shorterNote(within, times),
    line(0, within, "", times),
    ...shorterNote("", times),
    line(0, "", "", times),
    line(0, "", "", [left || elapsed]),
    line(0, "", "", []),
  ];
  const fits = forms.find((form) => textWidth(form) <= columns);
  if (fits !== undefined) return fits;
  const room = columns - textWidth(count) - 1;
  return room >= SHORTEST ? `${fitText(terminalText(label), room)} ${count}` : fitText(count, columns);
}

function barOf({ done, total }: ProgressState, columns: number): string {
  if (!columns || !(total > 0)) return "";
  const full = Math.round(columns * Math.max(0, Math.min(1, done / total)));
  return `[${"#".repeat(full)}${"-".repeat(columns - full)}] `;
}
