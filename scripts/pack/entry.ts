// What the packed `parapet` starts with, under any Node from 20 on: the sources are written for Node 24, so the three functions that an
// older Node lacks come first.
import { runProcess } from "../../cli/process.ts";

URL.parse ??= (url, base) => (URL.canParse(url, base) ? new URL(url, base) : null);

Promise.withResolvers ??= <T>() => {
	let resolve!: (value: T | PromiseLike<T>) => void;
	let reject!: (reason?: unknown) => void;
	const promise = new Promise<T>((...given) => {
		[resolve, reject] = given;
	});
	return { promise, resolve, reject };
};

Map.groupBy ??= <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K) => {
	const groups = new Map<K, T[]>();
	let index = 0;
	for (const item of items) {
		const key = keyOf(item, index++);
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [item]);
		else group.push(item);
	}
	return groups;
};

void runProcess();
