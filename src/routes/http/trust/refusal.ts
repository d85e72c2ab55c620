// Why signed metadata is not taken, in words for who signed it.
import { ProblemError } from "../../../problem.ts";
import type { TufRefusal } from "../../../signing/tuf/accept.ts";

/** @param file of which it is said: `root`, `targets`, `role file` @throws ProblemError */
export function refuseMetadata(refusal: TufRefusal, file: string): never {
	throw new ProblemError("metadata_refused", {
		detail: `the ${file}: ${describe(refusal)}`,
		extras: { reason: refusal.reason },
	});
}

/** @throws ProblemError for what is asked of a repository that there is not */
export function refuseWithoutTrust(): never {
	throw new ProblemError("conflict", {
		detail: "there are no root and targets yet; make them with `parapet trust init`",
	});
}

function describe(refusal: TufRefusal): string {
	switch (refusal.reason) {
		case "not_metadata":
			return refusal.fault;
		case "unknown_key":
			return `signed by the key ${refusal.keyid}, which the role does not have (any more)`;
		case "bad_signature":
			return `the signature of the key ${refusal.keyid} does not fit what is signed`;
		case "wrong_version":
			return `its version must be ${refusal.expected}: versions rise by one, and one that was served never changes`;
		case "expired":
			return "it has expired already";
		case "wrong_keys":
			return "a key stands under an id that is not its own, or a role names a key that is not among the keys";
		case "too_few_signatures":
			return `${refusal.count} of ${refusal.threshold} keys have signed it`;
		case "no_online_key":
			return "snapshot and timestamp must be for one signature of a key that GET /v1/trust names under `online`";
		case "foreign_target":
			return `its targets are named <product>/<version> after its own product, and ${JSON.stringify(refusal.path.slice(0, 64))} is not`;
	}
}
