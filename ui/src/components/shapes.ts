// What the reading half of the HTTP interface answers with, as the pages use it.

/** One measured number with its interval, or the reason why there is none. */
export interface Figure {
  value: number | null;
  low: number | null;
  high: number | null;
  count: number;
  confidence: number;
  reason: string;
}

export interface Funnel {
  raw: number;
  quarantined: number;
  duplicates: number;
  prepared: number;
  suggested: number;
  answered: number;
  reviewed: number;
  labeled: number;
}

export interface Bucket {
  start: number;
  answers: number;
  reviews: number;
}

export interface AssistanceGroup {
  answers: number;
  seconds: Figure;
  agreement: Figure;
  gold_accuracy: Figure;
}

export interface LabelerFigures {
  labeler: string;
  question: string;
  suggestions: number;
  version: string | null;
  agreement: Figure;
  independent: Figure;
}

export interface QuestionFigures {
  question: string;
  kind: string;
  labeled: number;
  labels: { label: string; items: number }[];
  alpha: Figure;
  agreement: Figure;
  confidence: number | null;
  methods: string[];
  suspects: number;
}

export interface AnnotatorFigures {
  user_id: number;
  name: string;
  answers: number;
  rejected: number;
  rejected_share: number | null;
  seconds: Figure;
  gold_answers: number;
  gold_accuracy: number | null;
  agreement: number | null;
  skill: number | null;
  last_answer_at: number | null;
}

export interface ReviewFigures {
  picked: number;
  picked_random: number;
  given: number;
  given_random: number;
  waiting: number;
  accepted: number;
  fixed: number;
  rejected: number;
}

export interface CertificateFigures {
  question: string;
  audits: number;
  errors: number;
  population: number;
  rate: number | null;
  bound: number | null;
  confidence: number;
  reason: string;
}

export interface FindingFigures {
  rule: string;
  severity: "error" | "warning";
  findings: number;
  items: number;
}

export interface Overview {
  project: string;
  at: number;
  funnel: Funnel;
  days: Bucket[];
  hours: Bucket[];
  effort: { seconds_per_answer: Figure; seconds_per_review: Figure; hours: number; hours_per_label: number | null };
  assistance: {
    assisted: AssistanceGroup;
    unassisted: AssistanceGroup;
    speedup: Figure;
    agreement_difference: Figure;
    hours_saved: Figure;
    randomised: boolean;
  };
  labelers: LabelerFigures[];
  questions: QuestionFigures[];
  annotators: AnnotatorFigures[];
  reviews: ReviewFigures;
  forecast: { remaining: number; window: number; per_hour: Figure; finish: Figure };
  certificates: CertificateFigures[];
  findings: FindingFigures[];
}

export interface Outcome {
  requirement: string;
  holds: boolean | null;
  value: number | null;
  bound: number | null;
  reason: string;
}

export interface Job {
  id: number;
  kind: string;
  state: "open" | "running" | "done" | "failed";
  progress: { done: number; total: number | null; what: string };
  error: string | null;
  created_at: number;
  updated_at: number;
}
