// JSON as people read it: what fits on a line stands on one.

const LINE = 100;

export function readableJson(value: unknown, indent = ""): string {
	const oneLine = flat(value);
	if (indent.length + oneLine.length <= LINE || typeof value !== "object" || value === null) return oneLine;
	const inner = `${indent}  `;
	if (Array.isArray(value)) {
		return `[\n${value.map((item) => inner + readableJson(item, inner)).join(",\n")}\n${indent}]`;
	}
	const members = Object.entries(value).map(
		([name, member]) => `${inner}${JSON.stringify(name)}: ${readableJson(member, inner)}`,
	);
	return `{\n${members.join(",\n")}\n${indent}}`;
}

function flat(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value);
	const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${flat(member)}`);
	return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
