// The quality reports, one a name, as GET /api/projects/{p}/quality gives them; its document leaves the shape of each report open.

import type { AnnotatorRow } from "./server";
import type { Figure } from "./shapes";

export interface GuidelinesAgreement {
  digest: string;
  version: number;
  alpha: Figure;
  agreement: Figure;
}

export interface QuestionAgreement {
  question: string;
  kind: string;
  alpha: Figure;
  agreement: Figure;
  overlap: Figure | null;
  sampled: number | null;
  pairs: { first: string; second: string; first_id: number; second_id: number; agreement: Figure }[];
  guidelines: GuidelinesAgreement[];
  over_time: { start: number; end: number; agreement: Figure }[];
}

export interface Confusion {
  first: string;
  second: string;
  pairs: number;
  share: number;
  items: number[];
  keys: string[];
}

export interface Missed {
  label: string;
  compared: number;
  missed: number;
  share: number;
  items: number[];
  keys: string[];
}

export interface Criteria {
  items: number;
  disagreement: Figure;
  confusions: Confusion[];
  missed: Missed[];
}

export interface QuestionCriteria extends Criteria {
  question: string;
  kind: string;
  guidelines: (Criteria & { digest: string; version: number })[];
}

export interface MatrixCell {
  truth: string;
  given: string;
  count: number;
  items: number[];
  keys: string[];
}

export interface QuestionGold {
  question: string;
  kind: string;
  items: number;
  answers: number;
  accuracy: Figure;
  labels: string[];
  matrix: MatrixCell[];
  hard: { item_id: number; key: string; answers: number; right: number }[];
}

export interface Suspect {
  item_id: number;
  key: string;
  given: string;
  proposed: string;
  score: number;
}

export interface QuestionLabelErrors {
  question: string;
  kind: string;
  items: number;
  suspects: number;
  features: string;
  expected_errors: number | null;
  accuracy: Figure;
  worst: Suspect[];
  reason: string;
}

export interface QuestionCrossValidation {
  question: string;
  kind: string;
  compared: number;
  agreement: Figure;
  similarity: Figure;
  labels: string[];
  matrix: MatrixCell[];
  conflicts: number[];
  conflicts_total: number;
}

export type { AnnotatorRow as AnnotatorQuality } from "./server";

export interface Quality {
  at: number | null;
  reports: {
    agreement?: { questions: QuestionAgreement[] };
    criteria?: { questions: QuestionCriteria[] };
    gold?: { questions: QuestionGold[] };
    label_errors?: { questions: QuestionLabelErrors[] };
    cross_validation?: { against: string | null; known: number; reason: string; questions: QuestionCrossValidation[] };
  };
  annotators: AnnotatorRow[];
}
