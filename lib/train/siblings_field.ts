/** Rules of trained siblings where they are an argument. */
import { anObject, data } from "../check/data.ts";
import type { SiblingsResult } from "./train_siblings.ts";

const WHAT = "siblings, as trainSiblings gives";

/** Siblings and what they learned. */
export const SIBLINGS_RESULT = data<SiblingsResult>(WHAT, { task: anObject(), siblings: anObject() });
/** Siblings, whatever they learned. */
export const SIBLINGS = data<Pick<SiblingsResult, "siblings">>(WHAT, { siblings: anObject() });
