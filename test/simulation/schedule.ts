// One schedule: a deployment, its operators, its firewalls, and what goes wrong. Everything follows from the seed.

import { UPLOAD_CLAIM_SECONDS } from "../../src/content/package-claim.ts";
import { IMMEDIATE } from "../../src/rollout/built-in-plans.ts";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { revocationBound } from "../../src/storage/revocation-bound.ts";
import { Deployment } from "./deployment.ts";
import { NO_FAULTS, planFaults, planRestore } from "./faults.ts";
import { Isolate, type Lifetimes, type Question, type Token } from "./isolate.ts";
import { type Finding, Ledger } from "./ledger.ts";
import { createRandom, type Random } from "./random.ts";
import type { World } from "./stores.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface ScheduleResult {
	readonly seed: number;
	readonly requests: number;
	readonly allows: number;
	readonly unavailable: number;
	/** old revisions that left the stores */
	readonly deleted: number;
	readonly findings: readonly Finding[];
	/** seconds from the commit of a release until a location offered it; of calm schedules only */
	readonly offeredAfter: readonly number[];
}

const START_MS = 1_800_000_000_000;
const LOCATIONS = 3;
const ISOLATES = 5;
const ACCOUNTS = ["aaaaaaaaaa", "bbbbbbbbbb"] as const;
const PRODUCTS = ["crs"] as const;
const DEVICES_PER_ACCOUNT = 5;
const SETUP_MS = 20_000;
/** The longest pause of an outbox, and what is left of a write that hangs, and some. */
const CALM_QUIET_MS = 720_000;
/** Where things go wrong: until a version that a late write has hidden was written again. */
const QUIET_MS = 1_800_000;
/** The cron trigger of wrangler.toml. */
const CRON_MS = 300_000;
const PROBE_MS = 500;
const DAY = 86_400;

export interface ScheduleOptions {
	readonly seed: number;
	/** in the order in which they are read */
	readonly storeNames: readonly RecordStoreName[];
	/** nothing goes wrong; releases are watched */
	readonly isCalm: boolean;
}

export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
	const random = createRandom(options.seed);
	const time = new VirtualTime(START_MS);
	return time.instead(random, () => new Schedule(options, random, time).run());
}

class Schedule {
	readonly #seed: number;
	readonly #isCalm: boolean;
	readonly #random: Random;
	readonly #time: VirtualTime;
	readonly #world: World;
	readonly #deployment: Deployment;
	readonly #ledger: Ledger;
	readonly #lifetimes: Lifetimes;
	readonly #isolates: Isolate[];
	readonly #retired: Isolate[] = [];
	readonly #tokens = new Map<string, Token>();
	readonly #faultsEndMs: number;
	/** unix seconds at which the grace of each account's license ends */
	readonly #licenseEnds: readonly number[];
	#requests = 0;
	#allows = 0;
	#unavailable = 0;
	#releases = 0;
	#activated = 0;
	readonly #offeredAfter: number[] = [];
	readonly #errors: unknown[] = [];

	constructor({ seed, storeNames, isCalm }: ScheduleOptions, random: Random, time: VirtualTime) {
		this.#seed = seed;
		this.#isCalm = isCalm;
		this.#random = random;
		this.#time = time;
		this.#world = { time, random, locations: LOCATIONS, areWritesLate: !isCalm, faults: NO_FAULTS };
		this.#faultsEndMs = START_MS + SETUP_MS + random.between(300_000, 1_800_000);
		const tokenTtlSeconds = random.pick([300, 900, 3_600]);
		this.#lifetimes = {
			headsFreshSeconds: 5,
			deviceFreshSeconds: 10,
			lastGoodSeconds: random.pick([120, DAY, DAY]),
			tokenTtlSeconds,
		};
		this.#deployment = new Deployment({
			world: this.#world,
			storeNames,
			tokenTtlSeconds,
			onCommit: (account) => this.#ledger.note(account),
		});
		const { headsFreshSeconds, lastGoodSeconds } = this.#lifetimes;
		const ends = Math.floor((START_MS + SETUP_MS) / 1_000 + random.between(60, 900));
		this.#licenseEnds = [START_MS / 1_000 + 100 * DAY, random.chance(0.3) ? ends : START_MS / 1_000 + 100 * DAY];
		this.#ledger = new Ledger({
			deployment: this.#deployment,
			boundSeconds: revocationBound(storeNames, headsFreshSeconds).seconds,
			lastGoodSeconds,
			licenseEnd: (deviceId) => this.#licenseEnds[deviceId.startsWith(`dev-${ACCOUNTS[0]}`) ? 0 : 1] ?? 0,
		});
		this.#isolates = Array.from({ length: ISOLATES }, (_, index) => this.#isolate(index % LOCATIONS));
	}

	async run(): Promise<ScheduleResult> {
		const startMs = START_MS + SETUP_MS;
		this.#start(() => this.#setUp());
		await this.#time.runUntil(startMs);
		if (!this.#isCalm)
			this.#world.faults = planFaults(
				this.#random,
				[...this.#deployment.storeNames, "objects", "pulses"],
				LOCATIONS,
				startMs,
				this.#faultsEndMs,
			);
		const endMs = this.#faultsEndMs + (this.#isCalm ? CALM_QUIET_MS : QUIET_MS);
		this.#planUpkeep(startMs, endMs);
		const moments = (count: number, untilMs: number) =>
			Array.from({ length: count }, () => this.#random.between(startMs, untilMs));
		for (const atMs of moments(24, this.#faultsEndMs)) this.#time.at(atMs, () => this.#start(() => this.#operate()));
		for (const atMs of moments(100, this.#faultsEndMs)) this.#time.at(atMs, () => this.#start(() => this.#request()));
		// Some come after it is all over: what was refused must stay so, what is active must be served.
		for (const atMs of moments(this.#isCalm ? 20 : 100, endMs))
			this.#time.at(atMs, () => this.#start(() => this.#request()));
		await this.#time.runUntil(endMs);
		this.#ledger.close([...this.#isolates, ...this.#retired]);
		this.#deployment.close();
		if (this.#errors.length > 0) throw new AggregateError(this.#errors, `schedule ${this.#seed} broke`);
		return {
			seed: this.#seed,
			requests: this.#requests,
			allows: this.#allows,
			unavailable: this.#unavailable,
			deleted: this.#deployment.stores.reduce((sum, { removed }) => sum + removed, 0),
			findings: this.#ledger.findings,
			offeredAfter: this.#offeredAfter,
		};
	}

	/** The cron trigger, a store that is set back, and in the end the nightly call of every object. */
	#planUpkeep(startMs: number, endMs: number): void {
		for (let atMs = startMs; atMs < endMs; atMs += CRON_MS) {
			this.#time.at(atMs, () => this.#start(() => this.#deployment.runCron()));
		}
		this.#time.at(this.#faultsEndMs + CRON_MS, () => this.#start(() => this.#deployment.callAll()));
		if (this.#isCalm) return;
		const restore = planRestore(this.#random, this.#deployment.storeNames, startMs, this.#faultsEndMs);
		if (restore === null) return;
		const { target, atMs, ageMs, rebuildMs } = restore;
		this.#time.at(atMs, () => this.#deployment[target].restore(atMs - ageMs));
		this.#time.at(rebuildMs, () => this.#start(() => this.#deployment.rebuild(target)));
	}

	/** Runs beside everything else; an error that nobody expects ends the schedule as a failure. */
	#start(work: () => Promise<void>): void {
		work().catch((error: unknown) => this.#errors.push(error));
	}

	#isolate(location: number): Isolate {
		return new Isolate(this.#deployment, location, this.#lifetimes);
	}

	async #setUp(): Promise<void> {
		const change = { actor: "operator", now: START_MS / 1_000 };
		for (const [index, name] of ACCOUNTS.entries()) {
			const account = this.#deployment.account(name);
			const terms = {
				products: PRODUCTS.map((product) => ({ product })),
				seats: 100,
				startsAt: change.now - DAY,
				endsAt: (this.#licenseEnds[index] ?? 0) - 30,
				graceSeconds: 30,
				delaySeconds: 0,
				emergencyDelaySeconds: 0,
				criticalSeconds: 0,
				overage: "refuse" as const,
				kind: "fixed" as const,
				leaseSeconds: 0,
			};
			await account.call(0, (object) => object.create({ ...change, id: `acct-${name}000000`, name }));
			await account.call(0, (object) => object.createLicense({ ...change, id: "lic-a", terms }));
			const code = {
				id: "code-a",
				hash: "hash-a",
				license: "lic-a",
				uses: 1_000,
				serial: null,
				model: null,
				expiresAt: change.now + DAY,
			};
			await account.call(0, (object) => object.createCode({ ...change, ...code }));
		}
		for (const name of PRODUCTS) {
			await this.#deployment
				.product(name)
				.call(0, (object) => object.create({ ...change, name, title: name, plan: IMMEDIATE }));
			await this.#deployment.directory.call(0, (object) => object.createProduct({ ...change, name, title: name }));
			await this.#release(name);
		}
		for (let count = 0; count < 6; count++) await this.#activate();
	}

	/** An operator, a publisher or a new firewall does something; when it fails they may try again. */
	async #operate(): Promise<void> {
		const work = this.#random.pick([
			() => this.#changeStatus(),
			() => this.#changeStatus(),
			() => this.#release(this.#random.pick(PRODUCTS)),
			() => this.#activate(),
		]);
		try {
			await work();
		} catch {
			// The objects' own errors are faults of the schedule; the change may be committed all the same.
		}
	}

	async #activate(): Promise<void> {
		const number = this.#activated++;
		const name = ACCOUNTS[number % ACCOUNTS.length] ?? ACCOUNTS[0];
		if (number >= DEVICES_PER_ACCOUNT * ACCOUNTS.length) return;
		const input = {
			codeHash: "hash-a",
			candidateDeviceId: idOf(name, number),
			jwk: { kty: "OKP", crv: "Ed25519", x: `key-${number}` } as const,
			jkt: `thumbprint-${number}`,
			serial: `FW-${number}`,
			model: "PA-440",
			labels: {},
			dpopBound: true,
			now: this.#now(),
		};
		await this.#deployment.account(name).call(this.#anywhere(), (object) => object.activate(input));
	}

	async #changeStatus(again?: string): Promise<void> {
		const deviceId = again ?? this.#random.pick(this.#deviceIds());
		const account = this.#deployment.account(deviceId.slice(4, 14));
		const status = this.#random.pick(["suspended", "suspended", "revoked", "active", "active", "active"] as const);
		const change = { actor: "operator", now: this.#now(), deviceId, status, reason: "" };
		// Whom it concerns asks often, and from everywhere.
		for (let count = 0; count < 10; count++) {
			this.#time.after(this.#random.between(0, 200_000), () => this.#start(() => this.#request(deviceId)));
		}
		for (let count = 0; !this.#isCalm && count < 10; count++) {
			this.#time.after(this.#random.between(0, QUIET_MS), () => this.#start(() => this.#request(deviceId)));
		}
		// A put that stalls meanwhile lands on top of this one.
		if (!this.#isCalm && again === undefined && this.#random.chance(0.5)) {
			const work = () => this.#changeStatus(deviceId).catch(() => {});
			this.#time.after(this.#random.between(2_000, 120_000), () => this.#start(work));
		}
		await account.call(this.#anywhere(), (object) => object.setDeviceStatus(change));
	}

	async #release(product: string): Promise<void> {
		const number = ++this.#releases;
		const version = `${number}.0`;
		const change = { actor: "publisher", now: this.#now(), version };
		const claimedUntil = this.#now() + UPLOAD_CLAIM_SECONDS;
		const content = { sha256: String(number).padStart(64, "0"), size: 1, name: "package.bin", claimedUntil };
		const metadata = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
		const host = this.#deployment.product(product);
		const here = this.#anywhere();
		await host.call(here, (object) => object.addPackage({ ...change, ...content }));
		const committed = Promise.withResolvers<void>();
		const released = host.call(here, (object) => {
			committed.resolve();
			return object.release({ ...change, metadata, salt: version });
		});
		if (this.#isCalm && this.#world.time.nowMs() > START_MS + SETUP_MS) {
			await committed.promise;
			for (let location = 0; location < LOCATIONS; location++) this.#start(() => this.#watch(product, location));
		}
		await released;
	}

	/** A busy isolate at a location, until it offers what was just released. */
	async #watch(product: string, location: number): Promise<void> {
		const startMs = this.#time.nowMs();
		const isolate = this.#isolate(location);
		const revision = Number(
			this.#deployment.product(product).disk.rows("SELECT revision FROM product")[0]?.["revision"],
		);
		const profile = [...this.#tokens.values()][0]?.profile;
		if (profile === undefined) return;
		const token = { profile, exp: Infinity, provisional: false };
		while (this.#time.nowMs() < this.#faultsEndMs + CALM_QUIET_MS) {
			const answer = await isolate.ask("check", profile.id, product, token);
			if (answer.outcome === "refused") return;
			if (answer.outcome === "allowed" && (answer.revision ?? 0) >= revision) {
				this.#offeredAfter.push((this.#time.nowMs() - startMs) / 1_000);
				return;
			}
			await this.#time.pass(PROBE_MS);
		}
	}

	async #request(about?: string): Promise<void> {
		const deviceId = about ?? this.#random.pick(this.#deviceIds());
		const slot = Math.floor(this.#random.between(0, ISOLATES));
		// What knows nothing believes what it finds.
		if (this.#random.chance(this.#isCalm ? 0.003 : 0.05)) this.#recycle(slot);
		const isolate = this.#isolates[slot];
		if (isolate === undefined) return;
		const token = this.#tokens.get(deviceId) ?? null;
		const isDue = token === null || this.#now() >= token.exp - 60;
		const question: Question =
			isDue && this.#random.chance(0.8)
				? "token"
				: this.#random.pick(["check", "check", "unchanged", "permit", "token"] as const);
		const product = this.#random.pick(PRODUCTS);
		const asked = { isolate, question, deviceId, product, atMs: this.#time.nowMs() };
		const answer = await isolate.ask(question, deviceId, product, token);
		if (answer.outcome === "none") return;
		this.#requests += 1;
		if (answer.outcome === "allowed") this.#allows += 1;
		if (answer.outcome === "unavailable") this.#unavailable += 1;
		if (answer.outcome === "allowed" && answer.token !== undefined) this.#tokens.set(deviceId, answer.token);
		this.#ledger.judge(asked, answer);
	}

	/** The platform stops isolates as it likes; what takes its place knows nothing. */
	#recycle(slot: number): void {
		const isolate = this.#isolates[slot];
		if (isolate === undefined) return;
		this.#retired.push(isolate);
		this.#isolates[slot] = this.#isolate(isolate.location);
	}

	/** Those that were activated, those that will be, and one in each account that never is. */
	#deviceIds(): string[] {
		const count = DEVICES_PER_ACCOUNT * ACCOUNTS.length + ACCOUNTS.length;
		return Array.from({ length: count }, (_, number) =>
			idOf(ACCOUNTS[number % ACCOUNTS.length] ?? ACCOUNTS[0], number),
		);
	}

	#anywhere(): number {
		return Math.floor(this.#random.between(0, LOCATIONS));
	}

	#now(): number {
		return Math.floor(this.#time.nowMs() / 1_000);
	}
}

function idOf(account: string, number: number): string {
	return `dev-${account}-${String(number).padStart(16, "0")}`;
}
