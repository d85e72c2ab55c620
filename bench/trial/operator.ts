// What persons do in a trial, over HTTP and past the witness: make accounts, keys and releases, give their word, revert. While the
// service is hurt they try again, as persons do.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../../src/rollout/plan.ts";

export const PRODUCT = "rules";

/** Why persons halt what its gate neither halts nor lets pass. */
export const NOT_SURE = "it broke devices, and the gate cannot tell";

const TRIES = 40;
const PAUSE_MS = 250;

/** What a trial reads of a rollout. */
export interface RolloutSeen {
	readonly phase: string;
	readonly step: string;
	readonly since: string;
	readonly reason: string | null;
	readonly evidence: string;
	readonly waits_for: readonly { readonly kind: string; readonly of: string | null }[];
	readonly steps: readonly {
		readonly name: string;
		readonly permits: number;
		readonly healthy: number;
		readonly failed: number;
		readonly silent: number;
		readonly excused: number;
	}[];
}

export type Operator = ReturnType<typeof createOperator>;

/** @param bootstrapKey of the service at `url` */
export function createOperator(url: string, bootstrapKey: string) {
	const keys: Record<string, string> = { operator: bootstrapKey };

	/** @throws Error when it is refused, or cannot be done in all the tries */
	async function call<T>(who: string, method: string, path: string, body?: unknown): Promise<T> {
		for (let tries = 1; ; tries++) {
			const { status, text } = await send(who, method, path, body);
			if (status < 300) return (text === "" ? {} : JSON.parse(text)) as T;
			if (status < 500 || tries === TRIES) throw new Error(`${method} ${path}: ${status} ${text}`);
			await sleep(PAUSE_MS);
		}
	}

	async function send(who: string, method: string, path: string, body?: unknown) {
		const bytes = body instanceof Uint8Array;
		const digest = bytes ? createHash("sha256").update(body).digest("base64") : "";
		try {
			const answer = await fetch(url + path, {
				method,
				headers: {
					authorization: `Bearer ${keys[who]}`,
					...(bytes ? { "repr-digest": `sha-256=:${digest}:` } : { "content-type": "application/json" }),
				},
				...(body === undefined ? {} : { body: bytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
			});
			return { status: answer.status, text: await answer.text() };
		} catch (error) {
			return { status: 599, text: String(error) };
		}
	}

	const rolloutPath = (version: string) => `/v1/products/${PRODUCT}/releases/${version}`;
	return {
		call,
		async makeProduct(plan: Plan): Promise<void> {
			await call("operator", "POST", "/v1/products", { product: PRODUCT, plan });
			const scopes = { publisher: ["publish", "release"], olivia: ["release"], paul: ["release"] };
			for (const [subject, given] of Object.entries(scopes)) {
				const body = { subject, scopes: given.map((scope) => `${scope}:${PRODUCT}`) };
				keys[subject] = (await call<{ key: string }>("operator", "POST", "/v1/keys", body)).key;
			}
		},
		/** @returns SHA-256 of the package, hexadecimal */
		async publish(version: string, plan?: "immediate"): Promise<string> {
			const bytes = new TextEncoder().encode(`rules ${version}\n`.repeat(200));
			await call("publisher", "PUT", `${rolloutPath(version)}/package?name=${PRODUCT}-${version}.rules`, bytes);
			await call(plan === undefined ? "publisher" : "operator", "PUT", rolloutPath(version), { plan });
			return createHash("sha256").update(bytes).digest("hex");
		},
		/** @returns null = it cannot be seen now */
		async see(version: string): Promise<RolloutSeen | null> {
			const { status, text } = await send("olivia", "GET", `${rolloutPath(version)}/rollout`);
			return status === 200 ? (JSON.parse(text) as RolloutSeen) : null;
		},
		/**
		 * Persons halt what broke devices without its gate being sure. Else two say at once what the rollout waits for; what they cannot say now
		 * they say later.
		 */
		async giveWords(
			version: string,
			{ waits_for: waits, evidence }: Pick<RolloutSeen, "waits_for" | "evidence">,
			hasBroken: boolean,
		): Promise<void> {
			const of = waits.find(({ kind }) => kind === "words")?.of;
			// Whatever halted stays halted here.
			if (of == null || of === "resume") return;
			if (of === "override") {
				// Nobody overrides a step that still waits for units to try it, or after a look at a device that the release broke.
				if (waits.some(({ kind }) => kind === "units" || kind === "ramp")) return;
				if (hasBroken)
					return void (await send("olivia", "POST", `${rolloutPath(version)}/rollout/halt`, { reason: NOT_SURE }));
			}
			for (const who of ["olivia", "paul"])
				await send(who, "POST", `${rolloutPath(version)}/rollout/words`, { kind: of, evidence });
		},
		revert: (version: string) => call("olivia", "POST", `${rolloutPath(version)}/withdraw`, { reason: "trial" }),
		revoke: (device: string) => call("operator", "POST", `/v1/devices/${device}/revoke`, {}),
	};
}
