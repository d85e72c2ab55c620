// An account with a license and codes, and devices to activate: what most tests of the Account object start from.
import type { ActivationInput } from "../../../src/objects/account/devices/device-desk.ts";
import { freshName } from "../fresh-names.ts";
import { bindings } from "../object-bindings.ts";

/** Near the real time, because denials end by the objects' own clock. */
export const NOW = Math.floor(Date.now() / 1_000);
export const DAY = 86_400;
/** Unix ms at which an account rings that has nothing else to do: it tells that its licenses end in 90 days. */
export const IDLE_ALARM_MS = (NOW + 275 * DAY) * 1_000;
/** Seconds after which no token from before a change is left: TOKEN_TTL_SECONDS, and the objects' margin. */
export const TOKENS_END_AFTER = Number(bindings.TOKEN_TTL_SECONDS) + 300;
export const OPERATOR = { actor: "olivia", now: NOW } as const;

export interface AccountFixture {
	readonly name: string;
	/** a new stub each time: one stays broken after its object was aborted */
	readonly account: () => ReturnType<typeof bindings.ACCOUNT.getByName>;
	/** what device number n sends to activate */
	device(number: number, change?: Partial<ActivationInput>): ActivationInput;
}

/** @param options leaseSeconds: of lic-a, which is fixed without; lic-b has one seat and is always fixed */
export async function createAccount(
	options: { seats?: number; uses?: number; endsAt?: number; expiresAt?: number; leaseSeconds?: number } = {},
): Promise<AccountFixture> {
	const { seats = 10, uses = 1_000, endsAt = NOW + 365 * DAY, expiresAt = NOW + 30 * DAY, leaseSeconds = 0 } = options;
	const kind = leaseSeconds === 0 ? "fixed" : "elastic";
	const name = freshName();
	const account = () => bindings.ACCOUNT.getByName(name);
	const terms = {
		...{ products: [{ product: "crs" }], startsAt: NOW - DAY, endsAt, graceSeconds: 30 * DAY },
		...{ criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0, overage: "refuse" as const },
	};
	await account().create({ ...OPERATOR, id: `acct-${name}000000`, name: "Test account" });
	await account().createLicense({ ...OPERATOR, id: "lic-a", terms: { ...terms, seats, kind, leaseSeconds } });
	await account().createLicense({
		...OPERATOR,
		id: "lic-b",
		terms: { ...terms, products: [{ product: "threats" }], seats: 1, kind: "fixed", leaseSeconds: 0 },
	});
	await account().createCode({
		...OPERATOR,
		id: "code-a",
		hash: "hash-a",
		license: "lic-a",
		uses,
		expiresAt,
		serial: null,
		model: null,
	});
	await account().createCode({
		...OPERATOR,
		id: "code-b",
		hash: "hash-b",
		license: "lic-b",
		uses,
		expiresAt,
		serial: null,
		model: null,
	});
	return {
		name,
		account,
		device: (number, change) => ({
			codeHash: "hash-a",
			candidateDeviceId: `dev-${name}-${String(number).padStart(16, "0")}`,
			jwk: { kty: "OKP", crv: "Ed25519", x: `key-${number}` },
			jkt: `thumbprint-${number}`,
			serial: `FW-${number}`,
			model: "PA-440",
			labels: { site: "berlin" },
			dpopBound: false,
			now: NOW,
			...change,
		}),
	};
}
