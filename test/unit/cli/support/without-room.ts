// What a firewall asked, on whichever machine: one with a full disk says how much is free.

/** @returns the path or query without that */
export function withoutRoom(asked: string): string {
	return asked.replace(/&disk_free=\d+/, "").replace(/([?]|^)disk_free=\d+&?/, "$1");
}
