// The shapes of the HTTP interface under the names that the page uses; docs/explain/http.md tells their meaning. They are the server's own
// (see server.ts), but for the few that its document leaves open. A kind and a viewer take the types of their own from there.

import type * as Server from "./server";

export type { AuditView, Comment, Finding, Format, MyAnnotation, Option, Schema, Session, User } from "./server";
export type { ProjectView as Project, Suggestion, TaskView as Task } from "./server";

export type Role = Server.MyProject["role"];
export type Field = Server.TaskView["item"]["data"][string];
export type Modality = Field["modality"];
export type Answer = Server.Suggestion["answer"];
export type KindName = Answer["kind"];
export type Values = Record<string, Answer>;
export type Question = Server.Schema["questions"][string];
