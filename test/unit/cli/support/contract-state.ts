// What a test sees of the contract server, and what it can make go wrong there.
import type { Reply, SeenRequest } from "./scripted-server.ts";

export interface ContractServer {
	readonly url: string;
	/** every request, in order */
	readonly seen: SeenRequest[];
	readonly reports: { permit: string; outcome: string; detail?: string }[];
	/** what is offered of product crs; null = nothing */
	release: OfferedRelease | null;
	/** of product crs; none = the answer does not speak of any */
	disabledRules: string[];
	/** how long nothing is new, seconds: `until` where nothing is offered, else `once_installed_until`; null = it does not say */
	quietSeconds: number | null;
	/** of its answers to checks */
	nextCheckIn: number;
	/** what each answer to a check says as `heard_until`; null = nothing */
	heardUntil: string | null;
	/** what every question for an explanation is answered with */
	explanation: object;
	faults: Faults;
	close(): Promise<void>;
}

export interface OfferedRelease {
	readonly version: string;
	readonly bytes: Buffer;
	/** whether its offers carry their download, and whether that says that no report of success is wanted */
	readonly direct?: boolean;
	readonly untold?: boolean;
	/** that every permit for it names */
	readonly delta?: { readonly from_sha256: string | null; readonly bytes: Buffer };
}

export interface Faults {
	/** what is said to a request in place of everything else; null = nothing else is said to this one */
	instead?: (request: SeenRequest) => Reply | null;
	/** break off the next download after this many bytes; undefined = send all */
	cutAt?: number | undefined;
	/** send this many bytes of a download, then none for as long as the client waits */
	holdAt?: number;
	/** send other bytes of the same length */
	corrupt?: boolean;
	/** send more than was promised */
	tooLong?: boolean;
	/** refuse this many signed URLs */
	refuseUrls?: number;
	/** refuse this many access tokens */
	refuseTokens?: number;
	/** answer token requests as to a device whose clock is off */
	serverTime?: number;
	/** refuse to give permits */
	refusePermits?: boolean;
	/** leave reports unanswered */
	dropReports?: boolean;
}
