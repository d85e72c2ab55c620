// Names and values of pulses. Pulses are public, so both are MACs: a stranger learns that something changed, and neither
// what nor how often. They come from LOOKUP_KEY, which never rotates, or a rotation would wake every device at once.

import { importLookupKeys, type LookupKeys } from "./keys/lookup-keys.ts";
import { sealFields } from "./sealed/framed-mac.ts";

/** Characters of base64url: 132 bits, so that nobody finds a name by trying. */
const NAME_LENGTH = 22;
const VALUE_LENGTH = 16;
/** Texts kept, about 100 bytes each; a deployment has fewer products and changes. */
const MAX_TEXTS = 5_000;

/** What a pulse is of: a product, or the messages of the day. */
export type PulseSubject = { readonly product: string } | "messages";

export interface PulseSigner {
	/** the last part of the pulse's URL */
	nameOf(subject: PulseSubject): Promise<string>;
	/** changes with the revision of the subject's record, and with nothing else */
	valueOf(subject: PulseSubject, revision: number): Promise<string>;
}

export const PULSE_NAME = new RegExp(`^[A-Za-z0-9_-]{${NAME_LENGTH}}$`);

/** Each text is made once and kept: checks ask for the same few. */
export function createPulseSigner(keys: Pick<LookupKeys, "pulse">): PulseSigner {
	// The texts are kept, not promises of them: a promise belongs to the request that made it.
	const texts = new Map<string, string>();

	async function once(fields: readonly string[], length: number): Promise<string> {
		const key = fields.join("\n");
		const known = texts.get(key);
		if (known !== undefined) return known;
		const text = (await sealFields(keys.pulse, ["parapet-pulse", "1", ...fields])).slice(0, length);
		if (texts.size >= MAX_TEXTS) texts.clear();
		texts.set(key, text);
		return text;
	}

	return {
		nameOf: (subject) => once(["name", ...subjectFields(subject)], NAME_LENGTH),
		valueOf: (subject, revision) => once(["value", ...subjectFields(subject), String(revision)], VALUE_LENGTH),
	};
}

/** The same for objects, which are made synchronously: the keys are imported with the first pulse. @param lookupKey LOOKUP_KEY */
export function createLazyPulseSigner(lookupKey: string): PulseSigner {
	let known: PulseSigner | null = null;
	const open = async () => {
		known ??= createPulseSigner(await importLookupKeys(lookupKey));
		return known;
	};
	return {
		nameOf: async (subject) => (await open()).nameOf(subject),
		valueOf: async (subject, revision) => (await open()).valueOf(subject, revision),
	};
}

function subjectFields(subject: PulseSubject): readonly string[] {
	return subject === "messages" ? ["messages", ""] : ["product", subject.product];
}
