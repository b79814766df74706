/** The rule of trained siblings where they are an argument. */
import { anObject, data } from "../check/data.ts";
import type { SiblingsResult } from "./train_siblings.ts";

export const SIBLINGS_RESULT = data<SiblingsResult>("siblings, as trainSiblings gives", {
  task: anObject(),
  siblings: anObject(),
});
