// List prices as of 2026-09, in USD and without what plans include. Sources: developers.cloudflare.com/kv/platform/pricing,
// upstash.com/pricing/redis. A month is 30 days, a GB 10⁹ bytes.
export const PRICES_AS_OF = "2026-09";
export const DAYS_PER_MONTH = 30;

export const KV_PRICES = { perMillionReads: 0.5, perMillionWrites: 5, perGbMonth: 0.5 } as const;

/** Pay as you go. A write counts once in the primary's region and once in each region that reads. */
export const REDIS_PRICES = {
	perMillionCommands: 2,
	perGbMonth: 0.25,
	perGbMoved: 0.03,
	/** moved GB a month that cost nothing */
	freeGbMoved: 200,
} as const;

export interface RedisPlan {
	/** data that fits, in GB */
	readonly gb: number;
	readonly perMonth: number;
	/** for each region that reads, beside the primary's */
	readonly perReadRegion: number;
}

/** Fixed plans, smallest first; commands are not charged, and limited to 10,000 a second. */
export const REDIS_PLANS: readonly RedisPlan[] = [
	{ gb: 1, perMonth: 20, perReadRegion: 10 },
	{ gb: 10, perMonth: 200, perReadRegion: 100 },
	{ gb: 50, perMonth: 400, perReadRegion: 200 },
	{ gb: 100, perMonth: 800, perReadRegion: 400 },
	{ gb: 500, perMonth: 1500, perReadRegion: 750 },
];
