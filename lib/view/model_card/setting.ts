/** What a card is counted for: a context, a machine, and the providers that are here. */
import { totalmem } from "node:os";
import { PROVIDERS } from "../../arch/model_ref.ts";
import { hardware, type Machine } from "../../cost/hardware.ts";
import { chooseProvider } from "../../model/provider.ts";

const USUAL_CONTEXT = 2048;

/** @throws {RangeError} For a context longer than the model's. */
export function contextOf(asked: { contextLength?: number }, model: { name: string; contextLength: number }): number {
  const contextLength = asked.contextLength ?? Math.min(USUAL_CONTEXT, model.contextLength);
  if (contextLength <= model.contextLength) return contextLength;
  throw new RangeError(
    `Cannot show a model card at ${contextLength} tokens: the context of ${model.name} is ${model.contextLength}`,
  );
}

export function providersHere(): string[] {
  return PROVIDERS.filter((provider) => {
    if (provider === "auto") return false;
    try {
      return chooseProvider(provider) === provider;
    } catch {
      return false; // it cannot run here
    }
  });
}

export function machineOf(given: string | Machine | undefined): { name: string; memoryBytes: number } | Machine {
  if (given === undefined) return { name: "this machine", memoryBytes: totalmem() };
  return typeof given === "string" ? hardware(given) : given;
}
