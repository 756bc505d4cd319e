// Items as the list and the page of one item show them, and frozen versions of the dataset.

import type { Answer, Field, Finding, Values } from "../core/types";

export interface LabelView {
  answer: Answer;
  origin: string;
  confidence: number;
}

export interface Preview {
  modality: "text" | "image" | "audio";
  text?: string | null;
  thumbnail?: string | null;
  peaks?: string | null;
  duration?: number | null;
}

export interface ItemRow {
  id: number;
  key: string;
  state: string;
  preview: Preview;
  labels: Record<string, LabelView>;
  answers: number;
  reviewed: boolean;
  findings: number;
}

export interface ItemPage {
  items: ItemRow[];
  next: string | null;
  total: number;
}

export interface CommentView {
  id: number;
  author: string;
  question: string | null;
  unit: number | null;
  text: string;
  resolved_at: number | null;
  created_at: number;
}

export interface ItemDetail {
  id: number;
  key: string;
  state: string;
  data: Record<string, Field>;
  meta: Record<string, unknown>;
  lineage: {
    source: string;
    place: string;
    raw_key: string;
    revision: string;
    offset: number | null;
    duplicate_of: string | null;
    pieces: number;
  };
  suggestions: { question: string; labeler: string; version: string; answer: Answer; score: number | null }[];
  annotations: {
    id: number;
    annotator: string;
    values: Values;
    state: string;
    origin: string;
    purpose: string;
    assisted: boolean;
    seconds_active: number;
    guidelines: number;
    created_at: number;
  }[];
  consensus: Record<string, LabelView>;
  labels: Record<string, LabelView>;
  reviews: {
    id: number;
    reviewer: string;
    verdict: "accept" | "fix" | "reject";
    annotation_id: number | null;
    reason: string;
    random: boolean;
    created_at: number;
  }[];
  findings: Finding[];
  comments: CommentView[];
  events: { kind: string; user: string | null; payload: Record<string, unknown>; created_at: number }[];
}

export interface QuestionCertificate {
  question: string;
  confidence: number;
  population: number;
  audited: number;
  errors: number;
  pending: number;
  unproved: number;
  bound: number;
  remaining: number;
  enough: boolean;
  statement: string;
}

export interface Version {
  number: number;
  digest: string;
  created_at: number;
  pipeline_version: number;
  items: number;
  unfinished: number;
  splits: Record<string, number>;
  labels: Record<string, Record<string, number>>;
  origins: Record<string, Record<string, number>>;
  certificate: { confidence: number; questions: Record<string, QuestionCertificate> };
  requirements: { requirement: string; holds: boolean | null; reason: string }[];
}
