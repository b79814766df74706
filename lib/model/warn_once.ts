/** Warnings that a user sees: on the terminal, and below a notebook's cell. */

const said = new Set<string>();

/** Say something that may make numbers wrong, once in this process however often it comes up. */
export function warnOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console.warn(text);
}
