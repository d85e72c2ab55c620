// A part goes straight to the storage where the service gives a URL for that: its bytes then pass the service once, when the parts are
// joined. Whatever stands in the way, a firewall, a proxy, a key that may not write, the part goes through the service instead, and so do
// those after it.
import { z } from "zod";
import { ConnectionError, ServerRefusal } from "../../errors.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { type SentFile, sendFile } from "./put-file.ts";

const partUrl = z.looseObject({ url: z.string(), headers: z.record(z.string(), z.string()) });

/** Of one upload. */
export interface DirectWay {
	readonly close: () => void;
	/**
	 * @param path of the part
	 * @returns whether it is kept @throws ServerRefusal where the service lets it in no way; CliError where the file cannot be sent
	 */
	readonly send: (
		api: OperatorApi,
		path: string,
		file: SentFile,
		what: string,
		onProgress: (done: number) => void,
	) => Promise<boolean>;
}

export function openDirectWay(): DirectWay {
	let isOpen = true;
	return {
		close: () => {
			isOpen = false;
		},
		async send(api, path, file, what, onProgress) {
			if (!isOpen) return false;
			const signed = await askUrl(api, path, file, what);
			const isKept = signed !== null && (await isTaken(signed, file, onProgress));
			if (!isKept) isOpen = false;
			return isKept;
		},
	};
}

/** @returns null where the service has no such way; one of before this command line has not either */
async function askUrl(api: OperatorApi, path: string, { size }: SentFile, what: string) {
	try {
		return await api.call("POST", `${path}/url`, what, partUrl, { size });
	} catch (error) {
		const isNone = error instanceof ServerRefusal && (error.refusal.status === 404 || error.refusal.status === 405);
		if (isNone) return null;
		throw error;
	}
}

async function isTaken(
	signed: z.infer<typeof partUrl>,
	file: SentFile,
	onProgress: (done: number) => void,
): Promise<boolean> {
	// Its address came from the service, and is asked for nothing but this; nothing that the storage answers is shown.
	if (!URL.canParse(signed.url)) return false;
	try {
		const { status } = await sendFile(signed, file, onProgress);
		return status >= 200 && status < 300;
	} catch (error) {
		if (error instanceof ConnectionError) return false;
		throw error;
	}
}
