// Ids of events: the trail that an event stands in, and its place there. They are cursors too: a reader who has read up to one
// goes on after it. Place 0 is before the first event.

/** The trail of the deployment itself. No other trail has this name: an account's has ten characters, a product's a prefix. */
export const DIRECTORY_TRAIL = "directory";

const PLACE = /^(0|[1-9][0-9]{0,14})$/;

/** @param objectName name of the account's object: the ten characters after `acct-` */
export function accountTrail(objectName: string): string {
	return objectName;
}

export function productTrail(product: string): string {
	return `product-${product}`;
}

/** @returns the id of the event at this place of the trail, such as `evt-f5any44xnh-42` */
export function formatEventId(trail: string, place: number): string {
	return `evt-${trail}-${place}`;
}

/** @returns the place that `text` names in this trail; null when it is no id of an event there */
export function parseEventId(trail: string, text: string): number | null {
	const prefix = `evt-${trail}-`;
	const place = text.slice(prefix.length);
	return text.startsWith(prefix) && PLACE.test(place) ? Number(place) : null;
}
