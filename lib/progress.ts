/**
 * What long work reports to, and asks whether to stop. Draws in Jupyter (one output, updated in place), in a terminal (a bar
 * on stderr, never wider than it), as plain lines where stderr goes to a file, or nowhere.
 */
export { type Progress, progress, type ProgressOptions } from "./progress/bar.ts";
export { APART, endOnInterrupt, INTERRUPTED, noteKept, shortPath, stoppedWords } from "./progress/interrupt.ts";
export { displayInPlace, jupyter } from "./progress/kernel.ts";
export { jupyterSink, lineSink, type ProgressSink, terminalColumns, terminalSink } from "./progress/sinks.ts";
export { progressHtml, type ProgressState, progressText } from "./progress/state.ts";
export { checkStop, partialOf, requestStop, StopError, withPartial } from "./progress/stop.ts";
export { fitText, terminalText, textWidth } from "./progress/width.ts";
