// The shapes of the HTTP interface that the workbench uses; docs/explain/http.md tells their meaning.

export type Role = "owner" | "manager" | "reviewer" | "annotator";
export type Modality = "text" | "image" | "audio";
export type KindName = "choice" | "spans" | "boxes" | "segments";

export interface Session {
  user: { id: number; name: string; has_password: boolean };
  csrf: string;
  projects: { name: string; role: Role; modality: Modality }[];
}

export interface Option {
  label: string;
  title?: string | null;
  description?: string | null;
  key?: string | null;
  color?: string | null;
}

export interface Question {
  kind: KindName;
  of: string;
  options: (string | Option)[];
  title?: string | null;
  description?: string | null;
  required?: boolean;
  overlapping?: boolean;
}

export interface Schema {
  data: Record<string, Modality>;
  questions: Record<string, Question>;
  guidelines?: string | null;
}

export interface Project {
  name: string;
  role: Role;
  schema: Schema;
  guidelines: string;
  guidelines_digest: string;
  pipeline_version: number;
  blind: boolean;
  lease_seconds: number;
  overlap: number;
}

export interface TextField { modality: "text"; text: string }
export interface ImageField { modality: "image"; blob: string; width: number; height: number; media_type?: string; thumbnail?: string | null }
export interface AudioField { modality: "audio"; blob: string; duration: number; rate: number; media_type?: string; peaks?: string | null }
export type Field = TextField | ImageField | AudioField;

export interface ChoiceAnswer { kind: "choice"; label: string }
export interface SpansAnswer { kind: "spans"; spans: { start: number; end: number; label: string }[] }
export interface BoxesAnswer { kind: "boxes"; boxes: { x: number; y: number; width: number; height: number; label: string }[] }
export interface SegmentsAnswer { kind: "segments"; segments: { start: number; end: number; label: string }[] }
export type Answer = ChoiceAnswer | SpansAnswer | BoxesAnswer | SegmentsAnswer;
export type Values = Record<string, Answer>;

export interface Suggestion { question: string; labeler: string; version: string; answer: Answer; score: number | null }

export interface Comment {
  id: number;
  item_id: number;
  user_id: number;
  author: string;
  annotation_id: number | null;
  question: string | null;
  unit: number | null;
  text: string;
  resolved_at: number | null;
  created_at: number;
}

export interface Finding { rule: string; severity: "error" | "warning"; message: string; question?: string | null; unit?: number | null }

export interface ReviewMaterial {
  annotations: { id: number; annotator: string | null; values: Values; seconds_active: number; created_at: number }[];
  consensus: Record<string, { answer: Answer; confidence: number; agreement: number | null }>;
  findings: Finding[];
  reasons: string[];
}

export interface Task {
  id: number;
  project?: string;
  purpose: "label" | "redo" | "review";
  lease: string;
  lease_seconds: number;
  item: { id: number; key: string; data: Record<string, Field>; meta: Record<string, unknown> };
  suggestions: Suggestion[];
  draft: { sequence: number; body: unknown } | null;
  redo: { reason: string; reviewer: string; values: Values } | null;
  review: ReviewMaterial | null;
  comments: Comment[];
  /** The own answer of a task that is done. */
  values?: Values | null;
}

export interface MyAnnotation { annotation_id: number; task_id: number | null; item_key: string; state: string; created_at: number }
