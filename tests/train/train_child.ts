/** Trains until half of the steps are done, then kills itself. */
import { trainModel } from "../../lib/train/train_model.ts";

const { spec, options } = JSON.parse(Deno.args[0]);
await trainModel(spec, {
  ...options,
  checkpointSeconds: 0,
  onProgress: ({ step, steps }) => {
    if (2 * step > steps) Deno.kill(Deno.pid, "SIGKILL");
  },
});
