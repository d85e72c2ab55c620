// What can end a command other than success, and the exit code of each. Messages are lower case, say what failed and
// carry no secret; `fix` says what to do about it.

export const EXIT_OK = 0;
/** refused by the server, or failed on the way */
export const EXIT_FAILED = 1;
/** the command line itself is wrong */
export const EXIT_USAGE = 2;

/** What is wrong with a field of a file. */
export interface FieldFault {
	/** as the field stands in the file, e.g. steps[2].gate.maxFailures */
	readonly path: string;
	readonly reason: string;
	readonly fix: string;
}

export interface CliErrorOptions {
	readonly fix?: string | undefined;
	readonly code?: string | undefined;
	readonly cause?: unknown;
	/** where the command can go on, for its own --from */
	readonly resumeFrom?: string | undefined;
	readonly faults?: readonly FieldFault[] | undefined;
}

export class CliError extends Error {
	readonly exitCode: number = EXIT_FAILED;
	readonly fix: string | undefined;
	readonly code: string;
	readonly resumeFrom: string | undefined;
	readonly faults: readonly FieldFault[];

	constructor(message: string, options: CliErrorOptions = {}) {
		super(message, { cause: options.cause });
		this.name = new.target.name;
		this.fix = options.fix;
		this.code = options.code ?? "failed";
		this.resumeFrom = options.resumeFrom;
		this.faults = options.faults ?? [];
	}
}

export class UsageError extends CliError {
	override readonly exitCode = EXIT_USAGE;

	constructor(message: string, fix?: string, faults?: readonly FieldFault[]) {
		super(message, { code: "usage", fix, faults });
	}
}

/** The parts of a refusal's message. */
export interface RefusalWords {
	/** the thing that was tried */
	readonly what: string;
	readonly title: string;
	readonly detail: string | undefined;
	readonly errors: readonly { readonly field: string; readonly message: string }[];
}

export interface Refusal {
	readonly status: number;
	readonly code: string;
	readonly message: string;
	/** undefined when the answer was no problem document (RFC 9457) */
	readonly said?: RefusalWords | undefined;
	readonly fix: string | undefined;
	/** of a problem document beyond the standard ones (RFC 9457 §3.2) */
	readonly members?: Readonly<Record<string, string | number | boolean>> | undefined;
	readonly requestId: string | undefined;
	readonly retryAfterSeconds: number | undefined;
	/** seconds by which this machine's clock is ahead of the server's; given only when that is why it refused */
	readonly clockAheadSeconds: number | undefined;
}

/** The server answered, and the answer was no. */
export class ServerRefusal extends CliError {
	readonly refusal: Refusal;

	constructor(refusal: Refusal) {
		super(refusal.message, { code: refusal.code, fix: refusal.fix });
		this.refusal = refusal;
	}
}

/** The server did not answer, or the answer broke off. */
export class ConnectionError extends CliError {}

/** This machine's disk does not take what is to be written. What was there before is there still. */
export class DiskError extends CliError {
	/** @param cause what the system says; undefined = `message` says it all */
	constructor(message: string, cause?: unknown) {
		const fix =
			"make room there, or mend what keeps it from being written, and run it again: what is installed was not touched";
		super(cause === undefined ? message : `${message}: ${systemFault(cause)}`, { code: "disk", fix, cause });
	}
}

/** A step of the demo failed, and has said so when it did. */
export class StepFailed extends Error {
	constructor(step: string, cause: unknown) {
		super(`step ${step} failed`, { cause });
		this.name = "StepFailed";
	}
}

const SYSTEM_FAULTS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file or folder",
	EACCES: "it is not yours to read or write",
	EPERM: "it is not yours to read or write",
	EISDIR: "it is a folder",
	ENOTDIR: "a part of its path is no folder",
	EEXIST: "there is something of that name already",
	ENOSPC: "there is no room left",
	EDQUOT: "there is no room left in the quota",
	EFBIG: "no file may be as large as that",
	EIO: "the disk is damaged",
	EROFS: "the file system is read-only",
};

/** Whether a file or folder is not there. */
export function isMissing(cause: unknown): boolean {
	return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

/** @returns what the system had against a file, in words; else the message of whatever was thrown */
export function systemFault(cause: unknown): string {
	if (!(cause instanceof Error)) return String(cause);
	const code = "code" in cause ? String(cause.code) : "";
	return SYSTEM_FAULTS[code] ?? cause.message;
}
