// What carries Workers KV from the place where it is written to all others: copies each key of one namespace to others some
// time after it changed. Each namespace has its own lag. Keys arrive in any order, as in KV; none ever goes back.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What is used of a KV namespace. */
export interface Namespace {
	list(): Promise<{ readonly keys: readonly { readonly name: string }[] }>;
	get(keys: string[]): Promise<ReadonlyMap<string, string | null>>;
	put(key: string, text: string): Promise<void>;
}

export interface KvReplicator {
	/** @param ms of the copy under that name, also for what is under way; Infinity until it is set anew */
	setLag(copy: string, ms: number): void;
	/** @param prefix of the keys that do not arrive there for the time being; null = all do */
	hold(copy: string, prefix: string | null): void;
	/** Ends after the copying that is under way. @throws what ended it before, if anything did */
	stop(): Promise<void>;
}

interface Copy {
	readonly namespace: Namespace;
	readonly versions: Map<string, number>;
	lagMs: number;
	heldPrefix: string | null;
}

interface SourceChange {
	readonly key: string;
	readonly version: number;
	readonly text: string;
	/** when the source had it, at the latest */
	readonly seenMs: number;
}

/** Between two looks at the source; what it adds to a lag. */
const POLL_MS = 20;
/** KV reads so many keys at once. */
const KEYS_PER_READ = 100;
const stored = z.object({ version: z.number() });

/** @param copies by name, without lag at first */
export function startKvReplicator(source: Namespace, copies: Readonly<Record<string, Namespace>>): KvReplicator {
	const targets = new Map<string, Copy>(
		Object.entries(copies).map(([name, namespace]) => [
			name,
			{ namespace, versions: new Map(), lagMs: 0, heldPrefix: null },
		]),
	);
	const seen = new Map<string, number>();
	const changes: SourceChange[] = [];
	let stopped = false;

	function copyNamed(name: string): Copy {
		const copy = targets.get(name);
		if (copy === undefined) throw new Error(`nothing is copied to ${name}`);
		return copy;
	}

	async function look(): Promise<void> {
		const { keys } = await source.list();
		for (let first = 0; first < keys.length; first += KEYS_PER_READ) {
			const texts = await source.get(keys.slice(first, first + KEYS_PER_READ).map(({ name }) => name));
			for (const [key, text] of texts) if (text !== null) note(key, text);
		}
	}

	function note(key: string, text: string): void {
		const { version } = stored.parse(JSON.parse(text));
		if (version <= (seen.get(key) ?? -1)) return;
		seen.set(key, version);
		changes.push({ key, version, text, seenMs: performance.now() });
	}

	function isDue({ key, version, seenMs }: SourceChange, { versions, lagMs, heldPrefix }: Copy): boolean {
		if (heldPrefix !== null && key.startsWith(heldPrefix)) return false;
		return performance.now() >= seenMs + lagMs && version > (versions.get(key) ?? -1);
	}

	async function copyTo(target: Copy): Promise<void> {
		for (const change of changes) {
			if (!isDue(change, target)) continue;
			const { key, version, text } = change;
			target.versions.set(key, version);
			await target.namespace.put(key, text);
		}
	}

	async function run(): Promise<void> {
		while (!stopped) {
			await look();
			await Promise.all([...targets.values()].map(copyTo));
			await sleep(POLL_MS);
		}
	}

	const running = run();
	// Told by `stop`; until then nobody listens.
	running.catch(() => {});
	return {
		setLag(name, ms) {
			copyNamed(name).lagMs = ms;
		},
		hold(name, prefix) {
			copyNamed(name).heldPrefix = prefix;
		},
		stop() {
			stopped = true;
			return running;
		},
	};
}
