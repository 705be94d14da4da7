/** A cluster's PKI on disk: plan says what apply would do, apply makes what is missing. */
export type { DirectoryPlace, MachinePlace, Place } from './place.ts';
export { apply, plan, type RunOptions } from './run.ts';
export type { Action, Mode, Report, Step } from './step.ts';
