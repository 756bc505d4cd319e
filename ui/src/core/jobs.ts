// Which jobs are looked at.

import type { Job } from "./server";

/** Whether a job waits or runs. */
export function under(job: Job): boolean {
  return job.state === "open" || job.state === "running";
}

/** The job of a kind that waits or runs, or that somebody asked for, by its number. */
export function jobOf(jobs: Job[] | null, kind: string, asked: number | null): Job | undefined {
  return jobs?.find((job) => does(job, kind) && (under(job) || job.id === asked));
}

/** Whether what follows from answers fails in the background, which is said until it works again. */
export function troubled(job: Job): boolean {
  return does(job, "background") && job.state === "failed";
}

function does({ kind: work }: Job, wanted: string): boolean {
  return work === wanted;
}
