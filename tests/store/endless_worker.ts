/** A stand-in for a decoding thread that never ends. */
const thread = globalThis as unknown as { postMessage(answer: "ready"): void; onmessage: () => void };
thread.onmessage = () => {
  for (;;);
};
thread.postMessage("ready");
