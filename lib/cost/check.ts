/** The check that all estimates of cost share. */

/** @throws {RangeError} If a count is not a whole number of at least `least`; names the field and the value. */
export function requireCount(what: string, counts: Record<string, number>, least: number): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`Cannot estimate ${what}: ${name} must be an integer >= ${least}, got ${value}`);
    }
  }
}

/** @throws {RangeError} If a quantity is not a positive number. */
export function requirePositive(what: string, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`Cannot estimate ${what}: ${name} must be a positive number, got ${value}`);
    }
  }
}
