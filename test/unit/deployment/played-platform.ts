// A platform that is played: versions of a Worker and the deployment in force, behind the functions that wrangler gives. Any call can
// fail, before it has done what it was called for or after, as wrangler does when the network breaks off.

import type { VersionNumbers } from "../../../scripts/deploy/judge.ts";
import type { StageParts } from "../../../scripts/deploy/stages.ts";
import type { Deployment, Share, Wrangler } from "../../../scripts/deploy/wrangler.ts";

export const OLD = "11111111-aaaa-4aaa-8aaa-000000000001";
export const NEW = "22222222-bbbb-4bbb-8bbb-000000000002";
export const OTHER = "33333333-cccc-4ccc-8ccc-000000000003";
export const DIGEST = "0123abcd";

export interface Fault {
	/** which call of all, from 0 */
	readonly call: number;
	readonly when: "before" | "after";
}

export interface Played {
	readonly wrangler: Wrangler;
	/** every call that changes something, in order */
	readonly done: readonly string[];
	readonly calls: () => number;
	readonly inForce: () => Deployment | null;
	/** Somebody else deploys a version of theirs. */
	overtake(): void;
}

export function playPlatform(faults: readonly Fault[] = [], first: Deployment | null = aloneOf(OLD)): Played {
	let calls = 0;
	let deployments = 1;
	let inForce = first;
	const tags = new Map([[OLD, `abcdef012345-${DIGEST}`]]);
	const done: string[] = [];
	const call = async <T>(work: () => T): Promise<T> => {
		const fault = faults.find((one) => one.call === calls);
		calls += 1;
		if (fault?.when === "before") throw new Error("wrangler could not reach the platform");
		const result = work();
		if (fault?.when === "after") throw new Error("wrangler lost the answer");
		return result;
	};
	const put = (shares: readonly Share[], message: string | null) => {
		deployments += 1;
		inForce = { id: `d${deployments}`, shares, message };
		return inForce.id;
	};
	return {
		done,
		calls: () => calls,
		inForce: () => inForce,
		overtake: () => void put([{ version: OTHER, percent: 100 }], "by hand"),
		wrangler: {
			environment: null,
			deployment: () => call(() => inForce),
			tagOf: (version) => call(() => tags.get(version) ?? null),
			upload: ({ tag }) =>
				call(() => {
					tags.set(NEW, tag);
					done.push("upload");
					return NEW;
				}),
			deployAtOnce: ({ tag }, secretsFile) =>
				call(() => {
					tags.set(NEW, tag);
					done.push(`deploy${secretsFile === null ? "" : ` with ${secretsFile}`}`);
					put([{ version: NEW, percent: 100 }], null);
					return NEW;
				}),
			split: (shares, message) =>
				call(() => {
					const sum = shares.reduce((all, { percent }) => all + percent, 0);
					if (sum !== 100) throw new Error(`the shares are ${sum} % together`);
					done.push(shares.map(({ version, percent }) => `${version.slice(0, 4)}@${percent}`).join(" "));
					return put(shares, message);
				}),
			deployTriggers: () => call(() => void done.push("triggers")),
		},
	};
}

export function aloneOf(version: string): Deployment {
	return { id: "d1", message: null, shares: [{ version, percent: 100 }] };
}

export const WELL: VersionNumbers = { requests: 10_000, errors: 0, degraded: 0, refusals: {}, p95Ms: 10 };
export const BAD: VersionNumbers = { ...WELL, errors: 500 };

/** @returns parts whose clock goes on with each sleep, and what they were told */
export function playParts(wrangler: Wrangler, own: Partial<StageParts> = {}) {
	let nowMs = 1_790_000_000_000;
	const told: string[] = [];
	const parts: StageParts = {
		wrangler,
		smoke: async () => {},
		numbers: async () => new Map([OLD, NEW].map((version) => [version, WELL])),
		nowMs: () => nowMs,
		sleep: async (ms) => {
			nowMs += ms;
		},
		tell: (line) => void told.push(line),
		signal: new AbortController().signal,
		...own,
	};
	return { parts, told, startMs: nowMs, nowMs: () => nowMs };
}
