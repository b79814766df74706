/** Models, tasks, data and training. */
import * as archbench from "../../../lib/mod.ts";
import { ANY_SOURCE, MODEL_OPTIONS, MODEL_REF, MODEL_SOURCE, SPECS } from "../../../lib/arch/ref_fields.ts";
import { SCALE_OPTIONS } from "../../../lib/arch/scale.ts";
import { SPEC_FIELDS } from "../../../lib/arch/spec_fields.ts";
import { DEFINITION } from "../../../lib/eval/define_task.ts";
import { READ_OPTIONS } from "../../../lib/eval/lm_eval/read.ts";
import { WRITE_OPTIONS } from "../../../lib/eval/lm_eval/write.ts";
import { SANDBOX_OPTIONS } from "../../../lib/eval/sandbox/program.ts";
import { PROCESS_OPTIONS } from "../../../lib/model/host.ts";
import { HOST_OPTIONS, OPEN_OPTIONS } from "../../../lib/model/open_options.ts";
import { PROGRESS_OPTIONS } from "../../../lib/progress/bar.ts";
import { STORE_OPTIONS } from "../../../lib/store/results.ts";
import { DATASET_OPTIONS } from "../../../lib/store/dataset.ts";
import { TEXTS_OPTIONS } from "../../../lib/train/tasks/text.ts";
import { TRAIN_OPTIONS } from "../../../lib/train/train_model.ts";
import { SIBLINGS_OPTIONS } from "../../../lib/train/train_siblings.ts";
import { COST_OPTIONS } from "../../../lib/train/training_cost.ts";
import { CARD_OPTIONS } from "../../../lib/view/model_card.ts";
import { tiny, training } from "./fixtures.ts";
import { type Parameter, parameter } from "./parameter.ts";

type Api = typeof archbench;

export const MODELS = {
  ResultStore: [
    parameter<Api["ResultStore"], 1>("options", STORE_OPTIONS, (o) => new archbench.ResultStore("/nowhere", o)),
  ],
  openModel: [
    parameter<Api["openModel"], 0>("ref", ANY_SOURCE, (ref) => archbench.openModel(ref)),
    parameter<Api["openModel"], 1>("options", OPEN_OPTIONS, (options) => archbench.openModel(tiny, options)),
  ],
  resolveSpec: [parameter<Api["resolveSpec"], 0>("ref", MODEL_SOURCE, (ref) => archbench.resolveSpec(ref))],
  vocabularyOfTexts: [
    parameter<Api["vocabularyOfTexts"], 0>("ref", MODEL_REF, (ref) => archbench.vocabularyOfTexts(ref, ["a text"])),
  ],
  validateSpec: [parameter<Api["validateSpec"], 0>("spec", SPEC_FIELDS, (spec) => archbench.validateSpec(spec))],
  scale: [parameter<Api["scale"], 1>("options", SCALE_OPTIONS, (options) => archbench.scale(tiny, options))],
  exportModel: [
    parameter<Api["exportModel"], 0>("ref", MODEL_REF, (ref) => archbench.exportModel(ref, "/nowhere")),
    parameter<Api["exportModel"], 2>("options", MODEL_OPTIONS, (o) => archbench.exportModel(tiny, "/nowhere", o)),
  ],
  modelCard: [
    parameter<Api["modelCard"], 0>("ref", MODEL_REF, (ref) => archbench.modelCard(ref)),
    parameter<Api["modelCard"], 1>("options", CARD_OPTIONS, (options) => archbench.modelCard(tiny, options)),
  ],
  startHost: [
    parameter<Api["startHost"], 0>("ref", ANY_SOURCE, (ref) => archbench.startHost(ref)),
    parameter<Api["startHost"], 1>("options", HOST_OPTIONS, (options) => archbench.startHost(tiny, options)),
    parameter<Api["startHost"], 2>("process", PROCESS_OPTIONS, (options) => archbench.startHost(tiny, {}, options)),
  ],
  QualityBenchmark: [
    parameter<Api["QualityBenchmark"], 0>("ref", ANY_SOURCE, (ref) => new archbench.QualityBenchmark(ref)),
    parameter<Api["QualityBenchmark"], 1>("options", MODEL_OPTIONS, (o) => new archbench.QualityBenchmark(tiny, o)),
  ],
  openSandbox: [
    parameter<Api["openSandbox"], 1>("options", SANDBOX_OPTIONS, (o) => archbench.openSandbox("python", o)),
  ],
  defineTask: [parameter<Api["defineTask"], 0>("definition", DEFINITION, (task) => archbench.defineTask(task))],
  readLmEvalSamples: [
    parameter<Api["readLmEvalSamples"], 1>("options", READ_OPTIONS, (o) => archbench.readLmEvalSamples("/nowhere", o)),
  ],
  writeLmEvalFiles: [
    parameter<Api["writeLmEvalFiles"], 2>("options", WRITE_OPTIONS, (o) => archbench.writeLmEvalFiles([], "/tmp/x", o)),
  ],
  loadDataset: [
    parameter<Api["loadDataset"], 1>("options", DATASET_OPTIONS, (o) => archbench.loadDataset("hellaswag", o)),
  ],
  trainModel: [
    parameter<Api["trainModel"], 0>("spec", SPEC_FIELDS, (spec) => {
      return archbench.trainModel(spec, { ...training, learningRate: 1e-3, folder: "/nowhere" });
    }),
    parameter<Api["trainModel"], 1>("options", TRAIN_OPTIONS, (options) => archbench.trainModel(tiny, options)),
  ],
  trainSiblings: [
    parameter<Api["trainSiblings"], 0>("specs", SPECS, (specs) => archbench.trainSiblings(specs, training)),
    parameter<Api["trainSiblings"], 1>("options", SIBLINGS_OPTIONS, (o) => archbench.trainSiblings({ a: tiny }, o)),
  ],
  trainingCost: [
    parameter<Api["trainingCost"], 0>("spec", SPEC_FIELDS, (spec) => archbench.trainingCost(spec, training)),
    parameter<Api["trainingCost"], 1>("options", COST_OPTIONS, (options) => archbench.trainingCost(tiny, options)),
  ],
  pythonTexts: [parameter<Api["pythonTexts"], 0>("options", TEXTS_OPTIONS, (o) => archbench.pythonTexts(o))],
  progress: [parameter<Api["progress"], 2>("options", PROGRESS_OPTIONS, (o) => archbench.progress("x", 1, o))],
} satisfies Record<string, Parameter[]>;
