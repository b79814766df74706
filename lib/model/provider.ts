/** Which execution provider a request for one means on this machine. */
import { type Provider, PROVIDERS } from "../arch/model_ref.ts";

/**
 * The provider that `requested` means here. The graphs are fp32, which only the CPU provider's attention runs.
 *
 * @throws {RangeError} If the provider is unknown or cannot run here; the message lists those that can.
 */
export function chooseProvider(requested: Provider): "cpu" {
  if (!(PROVIDERS as readonly string[]).includes(requested)) {
    throw new RangeError(`Unknown execution provider "${requested}"; there are: ${PROVIDERS.join(", ")}`);
  }
  if (requested !== "auto" && requested !== "cpu") {
    throw new RangeError(
      `Execution provider "${requested}" cannot run this version's fp32 graphs; pass "cpu" (or "auto", which is cpu here)`,
    );
  }
  return "cpu";
}
