/** Deno's Jupyter kernel: whether this is one, what it shows, and what it needs to survive. */
import { requestStop } from "./stop.ts";

/** The kernel's display functions, or null outside a Deno Jupyter kernel. */
export function jupyter(): typeof Deno.jupyter | null {
  try {
    return typeof Deno.jupyter?.broadcast === "function" ? Deno.jupyter : null;
  } catch {
    return null; // the getter throws outside `deno jupyter`
  }
}

/** A kernel's way to send a message on Jupyter's IOPub. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/**
 * One display of a notebook, drawn anew in place.
 *
 * @returns Draws a bundle of MIME types there; messages go in order, and one that cannot be sent does not end the work.
 */
export function displayInPlace(broadcast: Broadcast, metadata: object = {}): (data: object) => void {
  const transient = { display_id: crypto.randomUUID() };
  let shown = false, sent = Promise.resolve();
  return (data) => {
    const type = shown ? "update_display_data" : "display_data";
    shown = true;
    sent = sent.then(() => broadcast(type, { data, metadata, transient })).catch(() => {});
  };
}

// Once per kernel, however often this file is loaded.
const kernelFixes = Symbol.for("archbench.kernelFixes");
const realm = globalThis as { [kernelFixes]?: boolean };
if (jupyter() && !realm[kernelFixes]) {
  realm[kernelFixes] = true;
  // Without a listener the Stop button (SIGINT) kills the kernel.
  Deno.addSignalListener("SIGINT", requestStop);
  // Without a listener an error thrown in a timer hangs the kernel for good.
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    console.error(event.error ?? event.message);
  });
}
