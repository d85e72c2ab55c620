// Zips of whatever kind, bad ones above all, entry by entry.
import { deflateRawSync } from "node:zlib";
import { joinBytes } from "./tar.ts";

export interface ZipEntry {
	readonly path: string;
	readonly content?: string | Uint8Array;
	/** 0 = stored, 8 = deflated, others as they are said */
	readonly method?: number;
	readonly flags?: number;
	/** type and rights as Unix has them */
	readonly mode?: number;
	/** extra fields in the directory */
	readonly extra?: Uint8Array;
	/** bytes between it and what follows */
	readonly after?: Uint8Array;
	/** what the directory says, where it is not what is there */
	readonly said?: { readonly size?: number; readonly offset?: number; readonly path?: string };
}

export interface ZipOptions {
	/** entries that its end says, where it is not what is there */
	readonly count?: number;
	readonly comment?: string;
}

export function makeZip(entries: readonly ZipEntry[], { count, comment = "" }: ZipOptions = {}): Uint8Array {
	const parts: Uint8Array[] = [];
	const directory: Uint8Array[] = [];
	let at = 0;
	for (const entry of entries) {
		const { path, content = "", method = 8, flags = 0, mode = 0o100644, said = {} } = entry;
		const { extra = new Uint8Array(), after = new Uint8Array() } = entry;
		const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
		const packed = method === 8 ? deflateRawSync(bytes) : bytes;
		const name = Buffer.from(path);
		const local = Buffer.alloc(30);
		local.writeUInt32LE(0x04034b50, 0);
		local.writeUInt16LE(flags, 6);
		local.writeUInt16LE(method, 8);
		local.writeUInt32LE(packed.length, 18);
		local.writeUInt32LE(bytes.length, 22);
		local.writeUInt16LE(name.length, 26);
		const saidName = Buffer.from(said.path ?? path);
		const central = Buffer.alloc(46);
		central.writeUInt32LE(0x02014b50, 0);
		central.writeUInt16LE((3 << 8) | 63, 4);
		central.writeUInt16LE(flags, 8);
		central.writeUInt16LE(method, 10);
		central.writeUInt32LE(packed.length, 20);
		central.writeUInt32LE(said.size ?? bytes.length, 24);
		central.writeUInt16LE(saidName.length, 28);
		central.writeUInt16LE(extra.length, 30);
		central.writeUInt32LE((mode << 16) >>> 0, 38);
		central.writeUInt32LE(said.offset ?? at, 42);
		directory.push(central, saidName, extra);
		parts.push(local, name, packed, after);
		at += local.length + name.length + packed.length + after.length;
	}
	const central = joinBytes(...directory);
	const end = Buffer.alloc(22);
	end.writeUInt32LE(0x06054b50, 0);
	end.writeUInt16LE(count ?? entries.length, 8);
	end.writeUInt16LE(count ?? entries.length, 10);
	end.writeUInt32LE(central.length, 12);
	end.writeUInt32LE(at, 16);
	end.writeUInt16LE(comment.length, 20);
	return joinBytes(...parts, central, end, Buffer.from(comment));
}
