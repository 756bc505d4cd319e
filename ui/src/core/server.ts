// The shapes of the HTTP interface, made by `python ui/make_types.py` from the server's OpenAPI document: change the server, not this file.
// Whatever the server answers with has all its fields; what it takes may leave out those with a default.

export interface AgreementReport { questions: QuestionAgreement[] }

export interface AgreementWindow { start: number; end: number; agreement: Figure }

export interface AnnotationRow {
  id: number;
  annotator: string;
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer>;
  state: string;
  origin: string;
  purpose: string;
  assisted: boolean;
  arm: "shown" | "hidden" | "none" | "unclear" | null;
  suggested: StandingSuggestion[];
  seconds_active: number;
  guidelines: number;
  created_at: number;
}

export interface AnnotationView {
  id: number;
  annotator: string | null;
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer>;
  seconds_active: number;
  created_at: number;
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
  questions: QuestionQuality[];
}

export interface AnnotatorPair { first: string; second: string; first_id: number; second_id: number; agreement: Figure }

export interface AnnotatorRow { annotator: string; quality: PersonQuality }

export interface Assistance {
  shown: AssistanceArm;
  hidden: AssistanceArm;
  seconds_saved: Figure;
  hours_saved: Figure;
  influence: Figure;
  quality: Figure;
  said: string[];
}

export interface AssistanceArm { answers: number; seconds: Figure; same: Figure; right: Figure }

export interface Audio { blob: string; duration: number; rate: number; media_type: string; peaks: string | null; modality: "audio" }

export interface AuditView {
  label: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer>;
  own: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer>;
  seen: string;
}

export interface Audited { done: boolean; task: TaskView | null; next: TaskView | null }

export interface Beat { lease: string }

export interface BlindAnswer {
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer | string | number | unknown[]>;
  seconds_active?: number;
}

export interface Box { x: number; y: number; width: number; height: number; label: string; id?: string }

export interface Boxes { boxes: Box[]; kind: "boxes" }

export interface BoxesQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  kind: "boxes";
}

export interface Bucket { start: number; answers: number; reviews: number }

export interface Cell { truth: string; given: string; count: number; items: number[]; keys: string[] }

export interface Certificate { project: string; confidence: number; questions: Record<string, QuestionAudit> }

export interface CertificateFigures {
  question: string;
  audits: number;
  errors: number | null;
  population: number;
  rate: number | null;
  bound: number | null;
  remaining: number | null;
  confidence: number;
  reason: string;
  left: number;
  gone: number;
}

export interface Choice { label: string; kind: "choice" }

export interface ChoiceQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  kind: "choice";
}

export interface Choices { labels: string[]; kind: "choices" }

export interface ChoicesQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  min: number;
  max: number | null;
  kind: "choices";
}

export interface CollectReport { new: number; changed: number; unchanged: number; quarantined: number; files: number; skipped: number }

export interface Comment {
  id: number;
  user_id: number;
  author: string;
  annotation_id: number | null;
  question: string | null;
  part: string | null;
  text: string;
  resolved_at: number | null;
  created_at: number;
}

export interface CommentBody { text: string; annotation_id?: number | null; question?: string | null; part?: string | null }

export interface Confusion { first: string; second: string; pairs: number; share: number; items: number[]; keys: string[] }

export interface ConsensusView {
  answer: Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer;
  confidence: number;
  agreement: number | null;
}

export interface CriteriaReport { questions: QuestionCriteria[] }

export interface CrossValidationReport { against: string | null; known: number; reason: string; questions: QuestionCrossValidation[] }

export interface DateAnswer { value: string; kind: "date" }

export interface DateQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  min: string | null;
  max: string | null;
  time: boolean;
  kind: "date";
}

export interface Done {  }

export interface Draft { sequence: number; body: unknown }

export interface DraftBody { lease: string; sequence: number; body: unknown }

export interface DraftSaved { sequence: number }

export interface Effort { seconds_per_answer: Figure; seconds_per_review: Figure; hours: number; hours_per_label: number | null }

export interface Event {
  kind: string;
  user: string | null;
  item_id: number | null;
  subject_id: number | null;
  payload: Record<string, unknown>;
  created_at: number;
}

export interface EventPage { events: Event[]; next: string }

export interface Figure { value: number | null; low: number | null; high: number | null; count: number; confidence: number; reason: string }

export interface Finding { rule: string; severity: "error" | "warning"; message: string; question: string | null; part: string | null }

export interface FindingFigures { rule: string; severity: string; findings: number; items: number; said: string }

export interface Forecast { remaining: number; window: number; per_hour: Figure; finish: Figure }

export interface Format { name: string; title: string; summary: string; refuses: string | null }

export interface Funnel {
  raw: number;
  quarantined: number;
  duplicates: number;
  prepared: number;
  gold: number;
  asked: number;
  suggested: number;
  answered: number;
  reviewed: number;
  labeled: number;
}

export interface GoldReport { questions: QuestionGold[] }

export interface GuidelinesAgreement { digest: string; version: number; alpha: Figure; agreement: Figure }

export interface GuidelinesCriteria {
  digest: string;
  version: number;
  items: number;
  disagreement: Figure;
  confusions: Confusion[];
  missed: Missed[];
}

export interface HardGold { item_id: number; key: string; answers: number; right: number }

export interface Image { blob: string; width: number; height: number; media_type: string; thumbnail: string | null; modality: "image" }

export interface Invited { id: number; token: string }

export interface ItemDetail {
  id: number;
  key: string;
  state: string;
  data: Record<string, Audio | Image | Text>;
  meta: Record<string, unknown>;
  lineage: Lineage;
  suggestions: Suggestion[];
  annotations: AnnotationRow[];
  consensus: Record<string, Label>;
  labels: Record<string, Label>;
  reviews: ReviewRow[];
  findings: Finding[];
  comments: Comment[];
  events: Event[];
  withheld: boolean;
}

export interface ItemPage { items: ItemRow[]; next: string | null; total: number | null }

export interface ItemRow {
  id: number;
  key: string;
  state: string;
  preview: Audio | Image | Text;
  labels: Record<string, Label>;
  answers: number;
  reviewed: boolean;
  findings: number;
  withheld: boolean;
}

export interface ItemView { id: number; key: string; data: Record<string, Audio | Image | Text>; meta: Record<string, unknown> }

export interface Job {
  id: number;
  kind: string;
  state: string;
  progress: Progress;
  error: string | null;
  created_at: number;
  updated_at: number;
}

export interface Label {
  answer: Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer;
  origin: string;
  confidence: number;
}

export interface LabelCount { label: string; items: number }

export interface LabelErrorsReport { questions: QuestionLabelErrors[] }

export interface LabelerFigures {
  labeler: string;
  question: string;
  suggestions: number;
  version: string | null;
  agreement: Figure;
  independent: Figure;
}

export interface LeaseKept { lease_seconds: number }

export interface LeasedTasks { tasks: TaskView[]; done: number | null; withheld: Withheld | null }

export interface Lineage {
  source: string;
  place: string;
  raw_key: string;
  revision: string;
  offset: number | null;
  duplicate_of: string | null;
  pieces: number;
}

export interface LinkMade { token: string | null }

export interface Me { id: number; name: string; has_password: boolean }

export interface Missed { label: string; compared: number; missed: number; share: number; items: number[]; keys: string[] }

export interface MyAnnotation { annotation_id: number; task_id: number | null; item_key: string; state: string; created_at: number }

export interface MyProject { name: string; role: "annotator" | "reviewer" | "manager" | "owner"; modality: string }

export interface NewPassword { password: string; current?: string | null }

export interface NewSuggestion {
  question: string;
  answer: unknown;
  labeler: string;
  version?: string;
  key?: string | null;
  item_id?: number | null;
  score?: number | null;
}

export interface NewToken { name: string; role?: "annotator" | "reviewer" | "manager" | "owner"; project?: string | null; days?: number }

export interface NewUser { name: string; roles?: Record<string, "annotator" | "reviewer" | "manager" | "owner"> }

export interface NextTask { next: TaskView | null }

export interface NumberAnswer { value: number; kind: "number" }

export interface NumberQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  min: number | null;
  max: number | null;
  step: number | null;
  unit: string;
  kind: "number";
}

export interface Option { label: string; title: string | null; description: string | null; key: string | null; color: string | null }

export interface Outcome { requirement: string; holds: boolean | null; value: number | null; bound: number | null; reason: string }

export interface Overview {
  project: string;
  at: number;
  funnel: Funnel;
  days: Bucket[];
  hours: Bucket[];
  effort: Effort;
  assistance: Assistance;
  labelers: LabelerFigures[];
  questions: QuestionFigures[];
  annotators: AnnotatorFigures[];
  reviews: ReviewFigures;
  forecast: Forecast;
  certificates: CertificateFigures[];
  findings: FindingFigures[];
}

export interface PersonQuality {
  user_id: number;
  gold_answers: number;
  gold_accuracy: number | null;
  agreement: number | null;
  skill: number | null;
  questions: QuestionQuality[];
}

export interface Progress { done: number; total: number | null; what: string }

export interface ProjectCard {
  name: string;
  role: "annotator" | "reviewer" | "manager" | "owner";
  modality: string;
  at: number | null;
  items: number | null;
  gold: number | null;
  labeled: number | null;
  open_tasks: number | null;
  waiting_reviews: number | null;
}

export interface ProjectView {
  name: string;
  role: "annotator" | "reviewer" | "manager" | "owner";
  schema: Schema;
  guidelines: string;
  guidelines_digest: string;
  pipeline_version: number;
  blind: boolean;
  lease_seconds: number;
  overlap: number;
  simulated: boolean;
  requirements: string[];
}

export interface QualityView { reports: Reports; annotators: AnnotatorRow[]; suspects: SuspectRow[]; at: number | null }

export interface Quarantined {
  stage: string;
  source: string;
  place: string;
  key: string | null;
  reason: string;
  sample: string;
  created_at: number;
}

export interface QuestionAgreement {
  question: string;
  kind: string;
  alpha: Figure;
  agreement: Figure;
  alpha_by_annotators: Figure | null;
  agreement_by_annotators: Figure | null;
  overlap: Figure | null;
  sampled: number | null;
  aided: number;
  pairs: AnnotatorPair[];
  guidelines: GuidelinesAgreement[];
  over_time: AgreementWindow[];
}

export interface QuestionAudit {
  question: string;
  kind: string;
  confidence: number;
  method: string;
  population: number;
  audited: number;
  errors: number | null;
  pending: number;
  unproved: number;
  bound: number;
  remaining: number;
  enough: boolean;
  statement: string;
  looks: "one" | "any";
  own: number;
  outdated: number;
  shown: number;
  left: number;
  gone: number;
  planted: number;
  found: number;
  clauses: Record<string, number>;
}

export interface QuestionCriteria {
  question: string;
  kind: string;
  items: number;
  disagreement: Figure;
  confusions: Confusion[];
  missed: Missed[];
  guidelines: GuidelinesCriteria[];
}

export interface QuestionCrossValidation {
  question: string;
  kind: string;
  compared: number;
  agreement: Figure;
  similarity: Figure | null;
  labels: string[];
  matrix: Cell[];
  conflicts: number[];
  conflicts_total: number;
}

export interface QuestionFigures {
  question: string;
  kind: string;
  asked: number;
  labeled: number;
  gold: number;
  labels: LabelCount[];
  alpha: Figure;
  agreement: Figure;
  confidence: number | null;
  methods: string[];
  suspects: number;
}

export interface QuestionGold {
  question: string;
  kind: string;
  items: number;
  answers: number;
  accuracy: Figure;
  labels: string[];
  matrix: Cell[];
  hard: HardGold[];
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
  missing: string;
}

export interface QuestionQuality {
  question: string;
  answers: number;
  gold_answers: number;
  gold_accuracy: number | null;
  agreement: number | null;
  skill: number | null;
}

export interface Rating { point: string; kind: "rating" }

export interface RatingQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  kind: "rating";
}

export interface RedoView {
  reason: string;
  reviewer: string;
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer>;
}

export interface RejectedSuggestion { index: number; message: string }

export interface Reports {
  agreement: AgreementReport | null;
  criteria: CriteriaReport | null;
  cross_validation: CrossValidationReport | null;
  gold: GoldReport | null;
  label_errors: LabelErrorsReport | null;
}

export interface ReviewFigures {
  picked: number;
  picked_random: number;
  given: number;
  waiting: number;
  accepted: number;
  fixed: number;
  rejected: number;
}

export interface ReviewOpened { opened: boolean }

export interface ReviewRow {
  id: number;
  reviewer: string;
  verdict: string;
  annotation_id: number | null;
  reason: string;
  random: boolean;
  created_at: number;
}

export interface ReviewView {
  annotations: AnnotationView[];
  consensus: Record<string, ConsensusView>;
  findings: Finding[];
  reasons: string[];
  seen: string;
}

export interface Reviewed { review_id: number | null; next: TaskView | null }

export interface Schema {
  data: Record<string, "audio" | "image" | "text">;
  questions: Record<string, BoxesQuestion | ChoiceQuestion | ChoicesQuestion | DateQuestion | NumberQuestion | RatingQuestion | SegmentsQuestion | SpansQuestion | TextQuestion>;
  guidelines: string | null;
}

export interface Secret { token: string }

export interface Segment { start: number; end: number; label: string; id?: string }

export interface Segments { segments: Segment[]; kind: "segments" }

export interface SegmentsQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  overlapping: boolean;
  kind: "segments";
}

export interface Session { user: Me; csrf: string; projects: MyProject[] }

export interface SignIn { name: string; password: string }

export interface Simulate { annotators?: number; accuracy?: number; seed?: number }

export interface SkipBody { reason?: string }

export interface Span { start: number; end: number; label: string; id?: string }

export interface Spans { spans: Span[]; kind: "spans" }

export interface SpansQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  options: (string | Option)[];
  overlapping: boolean;
  kind: "spans";
}

export interface StandingSuggestion { question: string; labeler: string; version: string; score: number | null; taken: boolean }

export interface Status {
  project: string;
  at: number;
  collected: number;
  quarantined: number;
  failed_suggestions: number;
  prepared: number;
  duplicates: number;
  gone: number;
  gold: number;
  asked: number;
  suggested: number;
  tasks: Record<string, number>;
  remaining: number;
  annotations: number;
  labeled: number;
  reviews_waiting: number;
  reviews_given: number;
  versions: number;
  pipeline_version: number;
  quarantine: Quarantined[];
  trouble: string | null;
}

export interface Submission {
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer | string | number | unknown[]>;
  seconds_active?: number | null;
  lease?: string | null;
  confirmed?: boolean;
  replaces?: number;
}

export interface Submitted { annotation_id: number; findings: Finding[]; next: TaskView | null }

export interface Suggestion {
  question: string;
  labeler: string;
  version: string;
  answer: Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer;
  score: number | null;
}

export interface SuggestionReport { stored: number; rejected: RejectedSuggestion[] }

export interface Suspect { item_id: number; key: string; given: string; proposed: string; score: number }

export interface SuspectRow {
  item_id: number;
  key: string;
  question: string;
  score: number;
  given: Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer;
  proposed: Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer;
}

export interface Take { count?: number; purpose?: string; done?: boolean }

export interface TaskView {
  id: number;
  project: string;
  purpose: string;
  lease: string;
  lease_seconds: number;
  pipeline_version: number;
  item: ItemView;
  suggestions: Suggestion[];
  draft: Draft | null;
  redo: RedoView | null;
  review: ReviewView | null;
  audit: AuditView | null;
  values: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer> | null;
  annotation_id: number | null;
  comments: Comment[];
}

export interface Text { text: string; modality: "text" }

export interface TextAnswer { value: string; kind: "text" }

export interface TextQuestion {
  of: string;
  title: string | null;
  description: string | null;
  required: boolean;
  when?: string;
  same: number | null;
  max_length: number;
  multiline: boolean;
  compare: "words" | "characters";
  kind: "text";
}

export interface Token {
  id: number;
  name: string;
  user: string;
  role: "annotator" | "reviewer" | "manager" | "owner";
  project: string | null;
  created_at: number;
  expires_at: number;
}

export interface User {
  id: number;
  name: string;
  active: boolean;
  has_password: boolean;
  roles: Record<string, "annotator" | "reviewer" | "manager" | "owner">;
}

export interface UserChange {
  roles?: Record<string, "annotator" | "reviewer" | "manager" | "owner" | null>;
  active?: boolean | null;
  link?: boolean;
}

export interface Verdict {
  verdict: "accept" | "fix" | "reject";
  annotation_id?: number | null;
  seen?: string | null;
  values?: Record<string, Boxes | Choice | Choices | DateAnswer | NumberAnswer | Rating | Segments | Spans | TextAnswer | string | number | unknown[]> | null;
  reason?: string | null;
  seconds_active?: number;
}

export interface Version {
  number: number;
  digest: string;
  manifest: string;
  created_at: number;
  pipeline_version: number;
  items: number;
  unfinished: number;
  splits: Record<string, number>;
  labels: Record<string, Record<string, number>>;
  origins: Record<string, Record<string, number>>;
  certificate: Certificate;
  requirements: Outcome[];
  new: boolean;
}

export interface Withheld { own: number; seen: number; skipped: number }
