// What the reading half of the HTTP interface answers with, as the pages use it.

export type {
  AnnotatorFigures,
  AssistanceArm,
  Bucket,
  CertificateFigures,
  Figure,
  FindingFigures,
  Funnel,
  Job,
  LabelerFigures,
  Outcome,
  Overview,
  QuestionFigures,
} from "./server";
