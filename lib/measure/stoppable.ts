/** Work in a host that Jupyter's Stop button can end within a fraction of a second. */
import type { ModelHost, StartHost } from "../model/protocol.ts";
import { checkStop } from "../progress.ts";

const POLL_MS = 100;

/**
 * Wait for a host's answer, and ask meanwhile whether to stop: then the host is ended, since it cannot be interrupted
 * while the graph runs. It is ended after any other error too.
 *
 * @throws {StopError} After a stop was asked for.
 */
export function stoppable<T>(host: Pick<ModelHost, "close">, answer: Promise<T>): Promise<T> {
  return orStop(answer, () => host.close());
}

/** Start a host; after a stop it is ended as soon as it is there. */
export function startStoppable(start: StartHost, ...args: Parameters<StartHost>): Promise<ModelHost> {
  const started = start(...args);
  return orStop(started, () => void started.then((host) => host.close()).catch(() => {}));
}

async function orStop<T>(answer: Promise<T>, end: () => Promise<void> | void): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stopped = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      try {
        checkStop();
      } catch (error) {
        reject(error);
      }
    }, POLL_MS);
  });
  try {
    checkStop();
    return await Promise.race([answer, stopped]);
  } catch (error) {
    answer.catch(() => {}); // the host's own end is no second error
    await Promise.resolve(end()).catch(() => {});
    throw error;
  } finally {
    clearInterval(timer);
  }
}
