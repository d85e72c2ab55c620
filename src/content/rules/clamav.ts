// Signatures of ClamAV, a line each: where the name stands is told by the ending of the file
// (docs.clamav.net, "Signatures"). One name may have many.
import { cvesIn, type LineReader, type OnRule } from "./rule.ts";

interface Form {
	readonly separator: string;
	/** which field is the name */
	readonly name: number;
	/** it takes back what others say */
	readonly isAllowing: boolean;
}

const BY_NAME_FIRST: Form = { separator: ":", name: 0, isAllowing: false };
const BY_HASH: Form = { separator: ":", name: 2, isAllowing: false };
const LOGICAL: Form = { separator: ";", name: 0, isAllowing: false };
const FORMS: Readonly<Record<string, Form>> = {
	...{ ndb: BY_NAME_FIRST, ndu: BY_NAME_FIRST, cdb: BY_NAME_FIRST, crb: BY_NAME_FIRST },
	...{ ldb: LOGICAL, ldu: LOGICAL, idb: BY_NAME_FIRST },
	...{ hdb: BY_HASH, hdu: BY_HASH, hsb: BY_HASH, hsu: BY_HASH, mdb: BY_HASH, mdu: BY_HASH, msb: BY_HASH, msu: BY_HASH },
	...{ imp: BY_HASH, fp: { ...BY_HASH, isAllowing: true }, sfp: { ...BY_HASH, isAllowing: true } },
	...{ ign: { ...BY_HASH, isAllowing: true }, ign2: { ...BY_NAME_FIRST, isAllowing: true } },
};

/** @param ending of the file, without its dot and in lower case */
export function isClamavFile(ending: string): boolean {
	return Object.hasOwn(FORMS, ending);
}

export function readClamav(file: string, ending: string, onRule: OnRule): LineReader {
	const form = FORMS[ending] ?? BY_NAME_FIRST;
	return {
		line(raw) {
			const text = raw.trim();
			const id = text.split(form.separator)[form.name];
			if (text.startsWith("#") || id === undefined || !/^[\w.{}()[\]-]+$/.test(id)) return;
			onRule({ id, format: "clamav", file, text, isBlocking: !form.isAllowing, message: id, cves: cvesIn(id) });
		},
		end: () => {},
	};
}
