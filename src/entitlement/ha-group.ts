// HA groups: devices that protect the same place. They share one seat and one entitlement. Pure rules.
import { z } from "zod";

/** active-passive: one of them passes traffic; active-active: all do */
export const haMode = z.enum(["active-passive", "active-active"]);
export type HaMode = z.infer<typeof haMode>;

/** What a device says of itself with its checks. */
export const haRole = z.enum(["active", "passive"]);
export type HaRole = z.infer<typeof haRole>;

/** Devices of one group. */
export const MAX_HA_MEMBERS = 16;

export const SKEW_LIMIT_DEFAULT_SECONDS = 24 * 3_600;
