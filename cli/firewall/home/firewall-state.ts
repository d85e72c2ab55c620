// What a firewall remembers, and the port to whatever keeps it: a home folder (state.ts), this process's memory, or a store of the
// caller's own. Types without a library, as in wire-types.ts.
import type { CheckAnswer, HealthReport } from "../wire-types.ts";

/** RFC 7517, private */
export type PrivateJwk =
	| { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string; readonly d: string }
	| { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string; readonly d: string };

export type DeviceAlgorithm = "ES256" | "Ed25519";

/** A client certificate (RFC 8705) by which the service knows the firewall. */
export interface KnownCertificate {
	/** PEM files, which are read each time: whoever renews the certificate writes them anew */
	readonly certFile: string;
	readonly keyFile: string;
	/** SHA-256 of the one that the service knows, base64url */
	readonly x5t: string;
	/** known by its name, so that another one to it needs no word; null = by the certificate itself */
	readonly subjectDn: string | null;
	/** where the service asks for it; no slash at the end */
	readonly origin: string;
}

/** Kept before activation is tried, so that a lost reply is repeated with the same key and serial. */
export interface Identity {
	/** origin */
	readonly server: string;
	readonly serial: string;
	readonly model: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly engine: string | null;
	readonly algorithm: DeviceAlgorithm;
	/** by which client certificate it is known; left out = by its key */
	readonly certificate?: KnownCertificate | undefined;
	/** null = not activated yet */
	readonly device: {
		readonly id: string;
		readonly account: string;
		readonly license: string;
		readonly registrationToken: string;
	} | null;
}

export interface Token {
	readonly server: string;
	readonly accessToken: string;
	readonly type: "DPoP" | "Bearer";
	/** unix seconds */
	readonly expiresAt: number;
	/** every product of the device's license, learned once per token; null = not asked yet */
	readonly products: readonly string[] | null;
	/** to be sent for the next one */
	readonly lineage?: string | undefined;
	/** when it last told what its updates rest on, unix seconds; see anchors.ts */
	readonly anchorsToldAt?: number | undefined;
}

/** The content that runs. */
export interface InstalledContent {
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	readonly name: string;
	/** not given = the package for all models without one */
	readonly variant?: string | undefined;
	/** under the home folder; whatever the caller calls it where there is none */
	readonly path: string;
	/** unix seconds */
	readonly installedAt: number;
	/** what was installed and no report has told, up to this version: checks do; unix seconds */
	readonly untold?: readonly { readonly version: string; readonly at: number }[] | undefined;
}

/** By product. */
export type Installed = Readonly<Record<string, InstalledContent>>;

/** A report that the server has not taken yet. */
export interface PendingReport {
	readonly permit: string;
	readonly outcome: string;
	readonly detail?: string | undefined;
	readonly health?: HealthReport | undefined;
	readonly reportBy: number | null;
}

/** By the name of each subject what is kept of it. */
export interface StateByName {
	readonly key: PrivateJwk;
	readonly identity: Identity;
	readonly token: Token;
	/** the commit point of an update: what it names is what runs */
	readonly installed: Installed;
	/** by product when the SHA-256 of which installed file was last seen to be right, unix seconds; see installed-content.ts */
	readonly verified: Readonly<Record<string, { readonly sha256: string; readonly at: number }>>;
	/** the last answer to a check, and the question it belongs to */
	readonly lastCheck: { readonly query: string; readonly etag: string; readonly answer: CheckAnswer };
	readonly messages: { readonly seen: number };
	readonly reports: readonly PendingReport[];
	/** what it says of itself as a member of an HA group; see ha.ts */
	readonly ha: {
		readonly role?: "active" | "passive" | undefined;
		readonly priority?: number | undefined;
		readonly peer?: string | undefined;
	};
	/** what does not work on it, and since when it says so, unix seconds; see failed-content.ts */
	readonly failed: Readonly<Record<string, { readonly version: string; readonly at: number }>>;
	/** by product the release that came damaged, how often, and when last, unix seconds; see bad-releases.ts */
	readonly bad: Readonly<Record<string, { readonly sha256: string; readonly times: number; readonly at: number }>>;
	/** by product what it asked a permit for and has not reported on; see open-permits.ts */
	readonly permits: Readonly<
		Record<
			string,
			{ readonly version: string; readonly permit?: string | undefined; readonly report_by?: string | null | undefined }
		>
	>;
}

export type StateName = keyof StateByName;
export type StateOf<Name extends StateName> = StateByName[Name];

/**
 * Where a firewall keeps what it remembers. `key` and `identity` must outlive the process, or the firewall has to be activated anew; all
 * else can be had again. What `save` has resolved for, `load` gives, and nothing else changes it.
 */
export interface FirewallState {
	/** where files of the firewall lie; null = it has none: packages are the caller's to keep */
	readonly folder: string | null;
	/** @returns what was saved last; null = nothing was */
	load<Name extends StateName>(name: Name): Promise<StateOf<Name> | null>;
	/** Replaces the whole of it, or nothing. */
	save<Name extends StateName>(name: Name, value: StateOf<Name>): Promise<void>;
	forget(...names: readonly StateName[]): Promise<void>;
}

/** A home folder: state and packages lie in it. */
export interface FirewallHome extends FirewallState {
	readonly folder: string;
	/** Removes what writes that a power failure has cut short have left; there may be a key in it. */
	dropDrafts(): Promise<void>;
}

/** The state of a firewall in this process's memory, gone with it. @param from what was kept before, elsewhere */
export function keepInMemory(from: Partial<StateByName> = {}): FirewallState {
	let kept: Partial<StateByName> = { ...from };
	return {
		folder: null,
		load: async (name) => kept[name] ?? null,
		save: async (name, value) => {
			kept = { ...kept, [name]: value };
		},
		forget: async (...names) => {
			const over: readonly string[] = names;
			kept = Object.fromEntries(Object.entries(kept).filter(([name]) => !over.includes(name)));
		},
	};
}

/** Whether files can be kept beside the state. */
export function hasFolder<Kept extends { readonly folder: string | null }>(
	home: Kept,
): home is Kept & { readonly folder: string } {
	return home.folder !== null;
}

/** @returns of which firewall is spoken, for a message */
export function nameFirewall({ folder }: FirewallState): string {
	return folder === null ? "this firewall" : `the firewall in ${folder}`;
}
