// Which jobs are looked at.

import type { Job } from "./shapes";

/** Whether a job waits or runs. */
export function under(job: Job): boolean {
  return job.state === "open" || job.state === "running";
}

/** Whether what follows from answers fails in the background, which is said until it works again. */
export function troubled(job: Job): boolean {
  return job.kind === "background" && job.state === "failed";
}
